import { createClient } from '@connectrpc/connect';
import { Jurisdiction } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { AuditAction } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { AuditService } from '@irisvue/contracts/irisvue/privacy/v1/audit_service';
import { isRealS3Installed, until } from '@irisvue/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ended, submit } from '../person.ts';
import { type MeshOnS3, startMeshOnS3 } from './mesh-on-s3.ts';
import { compose, consentingCitizen, statusOf, upload } from './people.ts';
import { scene } from './scene.ts';

const HOUR_MS = 3_600_000;

/** When a signed link says that it ends. */
const endOf = (url: string) =>
  JSON.parse(Buffer.from(url.split('/').at(-1)!.split('.')[1]!, 'base64url').toString()).exp * 1000;

test('CR-17: a link lives for an hour at most, what it leads to for a minute', async () => {
  const { clock } = scene();
  const person = await consentingCitizen();
  const [job] = await ended(person, await submit(person, await upload(person, 1)));
  const links = [job!.links!.originalUrl, job!.links!.resultUrl, job!.links!.maskUrl];
  const bytes: string[] = [];
  for (const link of links) {
    expect(endOf(link)).toBeLessThanOrEqual(clock.now().getTime() + HOUR_MS);
    const { status, headers } = await fetch(link, { redirect: 'manual' });
    expect(status).toBe(302);
    bytes.push(headers.get('location')!);
  }
  for (const url of bytes) expect(await statusOf(url)).toBe(200);
  await clock.forward({ minutes: 2 });
  for (const url of bytes) expect(await statusOf(url)).toBe(403);
  for (const link of links) expect(await statusOf(link)).toBe(200);
  await clock.forward({ minutes: 60 });
  for (const link of links) expect(await statusOf(link)).toBeGreaterThanOrEqual(400);
});

test('CR-17: who got a link and who followed it is in the log, about the person whose eye it shows', async () => {
  const person = await consentingCitizen();
  const [job] = await ended(person, await submit(person, await upload(person, 1)));
  expect(await statusOf(job!.links!.resultUrl)).toBe(200);
  const audit = createClient(AuditService, person.account.transport);
  const entry = (action: AuditAction, resource: { readonly type: string; readonly id: string }) =>
    until(
      async () => {
        const { entries } = await audit.listAuditEntries({ pageSize: 250 });
        return entries.find((each) => each.action === action && each.resources.some((it) => it.id === resource.id));
      },
      { what: `an entry about ${resource.type}` },
    );
  const of = { type: 'job', id: job!.id };
  const [made, used] = [await entry(AuditAction.LINK_MADE, of), await entry(AuditAction.LINK_USED, of)];
  expect(used.resources).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'artifact', id: 'result' })]));
  for (const { actor, subjects } of [made, used]) {
    expect(subjects).toHaveLength(1);
    expect(actor).toBe(`principal:${subjects[0]}`);
  }
});

describe.skipIf(!isRealS3Installed())('a mesh whose store is S3', () => {
  let onS3: MeshOnS3;
  beforeAll(async () => {
    onS3 = await startMeshOnS3();
  });
  afterAll(() => onS3?.[Symbol.asyncDispose]());

  test('CR-17: whatever is stored is stored encrypted: photos, what lies between two steps, results, masks, artworks', async () => {
    const { mesh, requests, bucket } = onS3;
    const person = await consentingCitizen(Jurisdiction.GDPR, mesh.gatewayUrl);
    const photoId = await upload(person, 1);
    const jobs = [...(await submit(person, photoId)), (await compose(person, [photoId, photoId])).job!.id];
    for (const job of await ended(person, jobs)) expect(job.status).toBe(JobStatus.COMPLETED);
    const stored = requests.filter(
      ({ method, path }) => method === 'PUT' && /^[a-z]+\//.test(path.slice(bucket.length + 1)),
    );
    const folders = new Set(stored.map(({ path }) => path.slice(bucket.length + 1).split('/')[0]));
    expect([...folders].toSorted()).toEqual(['fusion', 'photos', 'processed', 'work']);
    for (const { path, headers } of stored) expect(headers['x-amz-server-side-encryption'], path).toBe('AES256');
  });
});
