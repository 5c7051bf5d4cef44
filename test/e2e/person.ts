import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@connectrpc/connect';
import { type Account, signIn } from '@irisvue/cli/account';
import { ensureConsent } from '@irisvue/cli/ask-consent';
import { watchJobs } from '@irisvue/cli/watch-jobs';
import { ConsentService, SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { ArtworkService } from '@irisvue/contracts/irisvue/jobs/v1/artwork_service';
import type { Job } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { PhotoService } from '@irisvue/contracts/irisvue/jobs/v1/photo_service';
import { renderEye } from '@irisvue/testing';
import { encodeJpeg } from '@irisvue/vision';
import { v7 as uuidv7 } from 'uuid';

/** A new user of the mesh, with a client for each public service. */
export interface Person extends AsyncDisposable {
  readonly account: Account;
  /** Where the command keeps the account. */
  readonly home: string;
  readonly consent: Client<typeof ConsentService>;
  readonly photos: Client<typeof PhotoService>;
  readonly jobs: Client<typeof JobService>;
  readonly artworks: Client<typeof ArtworkService>;
  /** A bearer token of the person, for clients other than ours. */
  accessToken(): Promise<string>;
}

/** Signs up. With consent to capture and processing of synthetic photos, unless told otherwise. */
export async function newPerson(gatewayUrl: string, o: { consent: boolean } = { consent: true }): Promise<Person> {
  const home = await mkdtemp(join(tmpdir(), 'irisvue-person-'));
  const account = await signIn(gatewayUrl, home);
  if (o.consent) await ensureConsent(account, SubjectKind.SYNTHETIC);
  return {
    account,
    home,
    consent: createClient(ConsentService, account.transport),
    photos: createClient(PhotoService, account.transport),
    jobs: createClient(JobService, account.transport),
    artworks: createClient(ArtworkService, account.transport),
    accessToken: async () => {
      const credentials = JSON.parse(await readFile(join(home, 'account.json'), 'utf8'));
      const identity = createClient(IdentityService, account.transport);
      return (await identity.createSession(credentials)).tokens!.accessToken;
    },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true }),
  };
}

/** Announces, uploads and confirms bytes as a synthetic photo. @returns the photo's id. */
export async function uploadBytes(person: Person, bytes: Uint8Array, contentType = 'image/jpeg'): Promise<string> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const request = { requestId: uuidv7(), subjectKind: SubjectKind.SYNTHETIC, sha256, contentType };
  const { photo, upload } = await person.photos.createPhoto({ ...request, sizeBytes: BigInt(bytes.length) });
  const answer = await fetch(upload!.url, {
    method: upload!.method,
    headers: upload!.headers,
    body: new Uint8Array(bytes),
  });
  if (!answer.ok) throw new Error(`upload answered HTTP ${answer.status}: ${await answer.text()}`);
  await person.photos.confirmPhoto({ photoId: photo!.id });
  return photo!.id;
}

/** A rendered eye as JPEG. */
export async function eyeJpeg(seed: number, width = 1000, height = 750): Promise<Uint8Array> {
  return encodeJpeg(renderEye({ seed, width, height }).image, 92);
}

/** Submits photos. @returns the ids of their jobs, in order. */
export async function submit(person: Person, ...photoIds: string[]): Promise<string[]> {
  const { jobs } = await person.jobs.createJobs({ requestId: uuidv7(), photoIds });
  return jobs.map((job) => job.id);
}

/** Waits until all jobs have ended. @returns the last snapshot of each, with links. */
export async function ended(person: Person, jobIds: readonly string[], signal?: AbortSignal): Promise<Job[]> {
  for await (const _ of watchJobs(person.account, jobIds, signal));
  return Promise.all(jobIds.map(async (jobId) => (await person.jobs.getJob({ jobId })).job!));
}
