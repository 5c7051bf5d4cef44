import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { readCertificate } from '@irisvue/cli/privacy/certificate';
import { ConsentService } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { ErasureState, PrivacyService } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import { openStore } from '@irisvue/storage';
import { type TestMesh, until } from '@irisvue/testing';
import { expect } from 'vitest';
import { ended } from '../person.ts';
import { needlesOf } from './canary.ts';
import { type Citizen, compose, ownEye } from './citizen.ts';
import type { ErasureScene } from './erasure-scene.ts';
import { plainScan } from './plain-scan.ts';

/** An erasure that was asked for. */
export interface AskedErasure {
  readonly erasureId: string;
  readonly accessToken: string;
}

const plain = (mesh: TestMesh) => createConnectTransport({ baseUrl: mesh.gatewayUrl, httpVersion: '1.1' });

/** Waits for the end of an erasure, whatever of the mesh dies meanwhile. */
export async function untilErased(mesh: TestMesh, asked: AskedErasure, limitMs: number): Promise<void> {
  const privacy = createClient(PrivacyService, plain(mesh));
  const isCompleted = async () => (await privacy.getErasure(asked)).erasure?.state === ErasureState.COMPLETED;
  await until(isCompleted, { limitMs, everyMs: 100, what: 'that the erasure is completed' });
}

/** Objects of the store by key, with their SHA-256. */
export async function storedObjects(mesh: TestMesh): Promise<ReadonlyMap<string, string>> {
  await using store = await openStore(mesh.storageUrl);
  const found = new Map<string, string>();
  for await (const { key } of store.list('')) {
    const bytes = await store.get(key).catch(() => undefined); // a mesh at work removes objects
    if (bytes !== undefined) found.set(key, createHash('sha256').update(bytes).digest('hex'));
  }
  return found;
}

/** That nothing of the person is left anywhere, as the mesh says it and as its files and dumps show it. */
export async function expectNothingLeft(mesh: TestMesh, scene: ErasureScene, asked: AskedErasure): Promise<void> {
  const subject = ownEye(scene.erased);
  const privacy = createClient(PrivacyService, plain(mesh));
  const { scans } = await privacy.findErasedSubject({ ...asked, subject });
  expect(scans.map((scan) => scan.place)).toEqual(['consent', 'jobs', 'identity', 'streams', 'cache']);
  expect(scans.flatMap((scan) => scan.findings)).toEqual([]);
  const { canary, emails, minorId } = scene;
  const needles = [
    ...needlesOf('the text of the canary', canary.text),
    ...needlesOf('the bytes of the canary', canary.bytes),
    ...needlesOf('the id of the user', subject.id),
    ...needlesOf('the id of the minor', minorId),
    ...emails.flatMap((email) => needlesOf('an e-mail', email)),
  ];
  expect(await plainScan(mesh, needles)).toEqual([]);
}

/** That each work of several people came to its end, that it shows the others only, and that they were told once. */
export async function expectJointWorks(scene: ErasureScene): Promise<void> {
  for (const work of scene.works) {
    if (work.link !== '') expect((await fetch(work.link)).status, 'a link from before').toBeGreaterThanOrEqual(400);
    if (work.creator === scene.erased) continue;
    const { artworks } = await work.creator.artworks.listArtworks({ pageSize: 250 });
    const left = artworks.find((artwork) => artwork.id === work.artworkId);
    if (work.end === 'deleted') {
      expect(left).toBeUndefined();
      continue;
    }
    expect(left!.photoIds).toEqual(work.staying);
    const [job] = await ended(work.creator, [left!.job!.id]);
    expect(job?.status).toBe(JobStatus.COMPLETED);
    const alike = await compose(work.creator, work.staying);
    await ended(work.creator, [alike.jobId]);
    expect(await pictureOf(work.creator, work.artworkId)).toEqual(await pictureOf(work.creator, alike.artworkId));
  }
}

/** That each of the others got one mail for each work. */
export async function expectTold(mesh: TestMesh, scene: ErasureScene, before: ReadonlyMap<string, number>) {
  const wanted = new Map(before);
  for (const { told } of scene.works) {
    for (const { account } of told) wanted.set(account.email, (wanted.get(account.email) ?? 0) + 1);
  }
  await until(async () => sum(await toldMails(mesh)) >= sum(wanted), { what: 'that the others are told' });
  expect(await toldMails(mesh)).toEqual(wanted);
}

/** Mails about joint works, by address. */
export async function toldMails(mesh: TestMesh): Promise<ReadonlyMap<string, number>> {
  const folder = join(mesh.home, 'mail');
  const counts = new Map<string, number>();
  for (const name of await readdir(folder)) {
    if (name.startsWith('.')) continue;
    const written = await readFile(join(folder, name), 'utf8').catch(() => ''); // it was deleted meanwhile
    const mail = written.replace(/=\r?\n/g, ''); // quoted-printable (RFC 2045 §6.7) breaks long lines
    const [, to] = /^To: (\S+)$/m.exec(mail) ?? [];
    if (to !== undefined && mail.includes('withdrew their iris')) counts.set(to, (counts.get(to) ?? 0) + 1);
  }
  return counts;
}

const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((total, count) => total + count, 0);

async function pictureOf(viewer: Citizen, artworkId: string): Promise<Buffer> {
  const { artwork } = await viewer.artworks.getArtwork({ artworkId });
  const answer = await fetch(artwork!.resultUrl);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

/** The certificate, verified by one public key alone, and that a changed one does not verify. */
export async function certificateOf(mesh: TestMesh, asked: AskedErasure) {
  const { certificate } = await createClient(PrivacyService, plain(mesh)).getErasureCertificate(asked);
  const { jwks } = await createClient(ConsentService, plain(mesh)).listReceiptKeys({});
  const { kid } = JSON.parse(Buffer.from(certificate.split('.')[0]!, 'base64url').toString());
  const keys = JSON.parse(jwks).keys.filter((key: { readonly kid: string }) => key.kid === kid);
  expect(keys).toHaveLength(1);
  expect(keys[0]).not.toHaveProperty('d');
  const [header, payload, signature] = certificate.split('.') as [string, string, string];
  const changed = payload.replace(/^../, (two) => (two === 'ey' ? 'ez' : 'ey'));
  await expect(readCertificate([header, changed, signature].join('.'), { keys })).rejects.toThrow(/not signed/);
  return await readCertificate(certificate, { keys });
}

/**
 * That each object that went is in the certificate by its hash, and each work with what became of it. What lies between
 * two steps is left out: it goes when its job ends, which may have been before the erasure.
 */
export async function expectCertified(
  mesh: TestMesh,
  scene: ErasureScene,
  said: Awaited<ReturnType<typeof certificateOf>>,
  before: ReadonlyMap<string, string>,
): Promise<void> {
  const hashes = new Set(said.objects.map((object) => object.sha256));
  const after = await storedObjects(mesh);
  const gone = [...before].filter(([key]) => !after.has(key) && !key.startsWith('work/'));
  expect(gone.filter(([, sha256]) => !hashes.has(sha256))).toEqual([]);
  expect(new Map(said.joint_works.map((work) => [work.artwork_id, work.outcome]))).toEqual(
    new Map(scene.works.map((work) => [work.artworkId, work.end])),
  );
}
