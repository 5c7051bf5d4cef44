import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DescService } from '@bufbuild/protobuf';
import type { Client } from '@connectrpc/connect';
import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { ArtworkService } from '@irisvue/contracts/irisvue/jobs/v1/artwork_service';
import { type Job, JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { DownloadService, JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { type Photo, PhotoService } from '@irisvue/contracts/irisvue/jobs/v1/photo_service';
import { type Database, newId, openDatabase } from '@irisvue/database';
import { createLogger, createServiceClient, loadSettings, type RunningServer } from '@irisvue/runtime';
import { type ObjectStore, openStore } from '@irisvue/storage';
import type { TestServer } from '@irisvue/testing';
import { sql } from 'kysely';
import { createApp, type Overrides } from '../src/app.ts';
import type { JobsDatabase } from '../src/schema.ts';
import { jobsSettings } from '../src/settings.ts';
import { type ConsentPeer, startConsentPeer } from './consent-peer.ts';
import { type IdentityPeer, startIdentityPeer, type TestUser } from './identity-peer.ts';
import { testServers } from './test-servers.ts';
import { startVisionPeer, type VisionPeer } from './vision-peer.ts';

/** A user with clients that call as it. */
export interface Person extends TestUser, Callers {}

/** Clients of the public services that send one token. */
export interface Callers {
  readonly photos: Client<typeof PhotoService>;
  readonly jobs: Client<typeof JobService>;
  readonly artworks: Client<typeof ArtworkService>;
}

/** The jobs service on a database of its own, with its peers on loopback. */
export interface Harness extends AsyncDisposable {
  readonly db: Database<JobsDatabase>;
  readonly databaseUrl: string;
  readonly store: ObjectStore;
  readonly storageUrl: string;
  readonly nats: TestServer;
  readonly identity: IdentityPeer;
  readonly consent: ConsentPeer;
  readonly vision: VisionPeer;
  /** Starts one more replica; the first is there from the start unless `replicas` was 0. */
  startReplica(settings?: Record<string, string>): Promise<RunningServer>;
  readonly replica: RunningServer;
  person(o?: { readonly lifetimeMs?: number }): Promise<Person>;
  caller(token: string): Callers;
  downloads(service?: string): Promise<Client<typeof DownloadService>>;
}

/** Quick enough that a test never waits for a clock: leases of 2 s, polls of 50 ms. */
const TEST_SETTINGS = {
  IRISVUE_ENV: 'test',
  IRISVUE_PORT: '0',
  IRISVUE_LOG_LEVEL: 'silent',
  IRISVUE_SERVICE_SECRET: 'a secret of the jobs service',
  IRISVUE_LINK_SECRET: randomBytes(32).toString('hex'),
  IRISVUE_LEASE_SECONDS: '2',
  IRISVUE_CLAIM_POLL_SECONDS: '0.05',
  IRISVUE_WATCH_POLL_SECONDS: '0.5',
  IRISVUE_SWEEP_SECONDS: '0.1',
  IRISVUE_RETRY_DELAY_SECONDS: '0.05',
};

export async function startHarness(settings: Record<string, string> = {}, overrides: Overrides = {}): Promise<Harness> {
  const stack = new AsyncDisposableStack();
  const servers = await testServers();
  stack.use(servers);
  const folder = await mkdtemp(path.join(tmpdir(), 'irisvue-jobs-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const storageUrl = `file://${folder}?endpoint=http://127.0.0.1:1&secret=${'s'.repeat(32)}`;
  const store = stack.use(await openStore(storageUrl));
  const identity = stack.use(await startIdentityPeer());
  const consent = stack.use(await startConsentPeer());
  const vision = stack.use(await startVisionPeer(store));

  const startReplica = async (more: Record<string, string> = {}) =>
    await createApp(
      loadSettings(jobsSettings, {
        ...TEST_SETTINGS,
        IRISVUE_DATABASE_URL: servers.databaseUrl,
        IRISVUE_NATS_URL: servers.nats.url,
        IRISVUE_STORAGE_URL: storageUrl,
        IRISVUE_IDENTITY_URL: identity.url,
        IRISVUE_CONSENT_URL: consent.url,
        IRISVUE_SEGMENTATION_URL: vision.url,
        IRISVUE_ENHANCEMENT_URL: vision.url,
        IRISVUE_FUSION_URL: vision.url,
        ...settings,
        ...more,
      }),
      overrides,
    );
  const replica = stack.use(await startReplica());
  const db = openDatabase<JobsDatabase>(servers.databaseUrl, {
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  stack.defer(() => db.destroy());
  const client = <S extends DescService>(service: S, token: string) =>
    createServiceClient(service, { url: replica.url, token: async () => token });

  const caller = (token: string): Callers => ({
    photos: client(PhotoService, token),
    jobs: client(JobService, token),
    artworks: client(ArtworkService, token),
  });

  return {
    db,
    databaseUrl: servers.databaseUrl,
    store,
    storageUrl,
    nats: servers.nats,
    identity,
    consent,
    vision,
    startReplica,
    replica,
    caller,
    async person(o) {
      const user = await identity.user(o);
      return { ...user, ...caller(user.token) };
    },
    downloads: async (service = 'gateway') => client(DownloadService, await identity.serviceToken(service)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Announces a photo of the person's own eye. */
export async function announce(
  person: Person,
  bytes: Uint8Array,
  subjectKind: SubjectKind = SubjectKind.SELF,
): Promise<Photo> {
  const { photo } = await person.photos.createPhoto({
    requestId: newId(),
    subjectKind,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    sizeBytes: BigInt(bytes.length),
    contentType: 'image/jpeg',
  });
  return photo!;
}

/** Announces, stores and confirms a photo. Its bytes are not a picture: no fake of a vision service looks at them. */
export async function uploaded(
  harness: Harness,
  person: Person,
  subjectKind: SubjectKind = SubjectKind.SELF,
): Promise<Photo> {
  const bytes = randomBytes(64);
  const photo = await announce(person, bytes, subjectKind);
  await harness.store.put(`photos/${person.id}/${photo.id}`, bytes, { contentType: 'image/jpeg' });
  return (await person.photos.confirmPhoto({ photoId: photo.id })).photo!;
}

/** Submits photos as one batch. */
export async function submit(person: Person, ...photos: readonly Photo[]): Promise<Job[]> {
  return (await person.jobs.createJobs({ requestId: newId(), photoIds: photos.map((photo) => photo.id) })).jobs;
}

/** Watches jobs until all have ended; gives their last states in the order of `jobs`. */
export async function ended(person: Person, ...jobs: readonly Job[]): Promise<Job[]> {
  const last = new Map<string, Job>();
  for await (const { job } of person.jobs.watchJobs({ jobIds: jobs.map((job) => job.id) })) last.set(job!.id, job!);
  return jobs.map((job) => last.get(job.id)!);
}

/** Resolves with a job's first snapshot that `matches`. */
export async function seen(person: Person, job: Job, matches: (job: Job) => boolean): Promise<Job> {
  for await (const { job: now } of person.jobs.watchJobs({ jobIds: [job.id] })) if (matches(now!)) return now!;
  throw new Error('the job ended before');
}

export const isProcessing = (job: Job): boolean => job.status === JobStatus.PROCESSING;

/** Takes a job from its runner as a pause of that runner would: the lease is another's, and that one has expired. */
export async function loseLease(harness: Harness, jobId: string): Promise<void> {
  await harness.db
    .updateTable('jobs')
    .set({ lease_holder: 'a runner that is gone', lease_expires_at: sql`now() - interval '1 second'` })
    .where('id', '=', jobId)
    .execute();
}

/** Keys of all objects, photos aside. */
export async function madeObjects(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) if (!key.startsWith('photos/')) keys.push(key);
  return keys.sort();
}
