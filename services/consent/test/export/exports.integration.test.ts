import { createHash } from 'node:crypto';
import type { DescService } from '@bufbuild/protobuf';
import { type Client, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { RepresentativeRelation } from '@irisvue/contracts/irisvue/consent/v1/subject_service';
import { AuditAction } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { AuditService } from '@irisvue/contracts/irisvue/privacy/v1/audit_service';
import { ExportDownloadService, ExportState } from '@irisvue/contracts/irisvue/privacy/v1/export';
import { PrivacyRequestKind, PrivacyService } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import { newId } from '@irisvue/database';
import { verifyReceipt } from '@irisvue/receipts';
import { USER_AUDIENCE } from '@irisvue/runtime';
import { type ObjectStore, openStore } from '@irisvue/storage';
import { until, unzipped } from '@irisvue/testing';
import { compactVerify, createLocalJWKSet, decodeJwt, type JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tidyArchives } from '../../src/export/keep-archives.ts';
import type { PrivacyDb } from '../../src/privacy/schema.ts';
import { createDataHolder, type ExportedFile, startDataHolder } from '../privacy/data-holder.ts';
import { refusal } from '../refusal.ts';
import { type StartedConsent, startConsent } from '../started-consent.ts';

const DAY_MS = 86_400_000;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

let holder: Awaited<ReturnType<typeof startDataHolder>>;
let consent: StartedConsent;
let store: ObjectStore;
beforeAll(async () => {
  holder = await startDataHolder();
  consent = await startConsent({ jobsUrl: holder.url, identityRoutes: createDataHolder().routes });
  store = await openStore(consent.storageUrl);
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await consent[Symbol.asyncDispose]();
  await holder[Symbol.asyncDispose]();
});

function client<S extends DescService>(service: S, token: string): Client<S> {
  const transport = createConnectTransport({
    baseUrl: consent.url,
    httpVersion: '1.1',
    interceptors: [
      (next) => (request) => {
        request.header.set('Authorization', `Bearer ${token}`);
        return next(request);
      },
    ],
  });
  return createClient(service, transport);
}
const downloads = async () => client(ExportDownloadService, await consent.serviceToken('gateway'));
const tokenOf = (url: string) => url.slice(url.lastIndexOf('/') + 1);

/** A person with a consent and files elsewhere. */
async function person(files: readonly ExportedFile[] = [{ path: 'photos/1.json', text: '{}' }]) {
  const user = await consent.user();
  await user.grant();
  holder.exported.set(user.id, files);
  const privacy = client(PrivacyService, await consent.userToken(user.id));
  return { ...user, privacy };
}
type Person = Awaited<ReturnType<typeof person>>;

async function completed({ privacy }: Person, o: Parameters<Person['privacy']['createExport']>[0] = {}) {
  const begun = await privacy.createExport({ requestId: newId(), ...o });
  const exportId = begun.export!.id;
  for await (const _ of privacy.watchExport({ exportId }));
  return (await privacy.getExport({ exportId })).export!;
}
async function archiveOf(user: Person, exportId: string) {
  const keys = (await Array.fromAsync(store.list(`exports/${user.id}/${exportId}/`))).map(({ key }) => key);
  expect(keys).toHaveLength(1);
  const bytes = await store.get(keys[0]!);
  return { bytes, files: await unzipped(bytes) };
}

describe('CR-11 an archive', () => {
  test('holds real bytes, JSON and receipts that verify by themselves, and the hash of each', async () => {
    const picture = Buffer.from('the bytes of an iris');
    const key = `photos/${newId()}/${newId()}`;
    await store.put(key, picture, { contentType: 'image/jpeg' });
    const user = await person([
      { path: 'photos/a.json', text: '{"a":1}' },
      { path: 'photos/a.jpg', objectKey: key },
    ]);
    const done = await completed(user);
    expect(done).toMatchObject({ state: ExportState.COMPLETED, progress: 100, subject: user.subject });
    const { bytes, files } = await archiveOf(user, done.id);
    expect([BigInt(bytes.length), sha256(bytes)]).toEqual([done.sizeBytes, done.sha256]);
    expect(files.size).toBe(done.files);
    expect(files.get('photos/a.jpg')).toEqual(picture);
    expect(files.get('photos/a.json')!.toString()).toBe('{"a":1}');

    const sums = files.get('SHA256SUMS')!;
    const listed = new Map(
      sums
        .toString()
        .trimEnd()
        .split('\n')
        .map((line) => [line.slice(66), line.slice(0, 64)]),
    );
    const hashed = [...files].filter(([path]) => path !== 'SHA256SUMS' && path !== 'manifest.jws');
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(hashed.map(([path, body]) => [path, sha256(body)])));
    const keys = JSON.parse(files.get('consent/receipt-keys.json')!.toString()) as JSONWebKeySet;
    const manifest = await compactVerify(files.get('manifest.jws')!.toString().trim(), createLocalJWKSet(keys));
    expect(manifest.protectedHeader.typ).toBe('irisvue-export-manifest+jws');
    expect(JSON.parse(Buffer.from(manifest.payload).toString())).toMatchObject({
      export_id: done.id,
      files: hashed.length,
      sha256sums: sha256(sums),
    });
    const receipts = [...files].filter(([path]) => path.startsWith('consent/receipts/'));
    expect(receipts).toHaveLength(1);
    const record = await verifyReceipt(receipts[0]![1].toString(), keys);
    const choices = JSON.parse(files.get('consent/choices.json')!.toString());
    expect(record.header.principal_id).toBe(choices.principalId);
    expect(choices.choices).toMatchObject([{ state: 'granted', purpose: 'data_processing' }]);
    const notice = files.get(`consent/notices/${choices.choices[0].noticeSha256}.md`)!;
    expect(sha256(notice)).toBe(choices.choices[0].noticeSha256);
  });

  test('has a page without scripts or links to elsewhere, and plain words, in the language asked for', async () => {
    const user = await person([{ path: 'photos/<b>.json', text: '{}' }]);
    const { files } = await archiveOf(user, (await completed(user, { language: 'de' })).id);
    const page = files.get('index.html')!.toString();
    expect(page).toContain('<html lang="de">');
    expect(page).toContain('photos/&lt;b&gt;.json');
    expect(page).not.toMatch(/<script|https?:|<b>/);
    expect(files.get('README.txt')!.toString()).toContain('Ihre Daten bei IrisVue');
  });

  test('names nobody else', async () => {
    const other = await person();
    const user = await person();
    const scope = { requestId: newId(), photoId: newId(), creatorId: user.id };
    await other.api.grantArtworkPermission(scope);
    await user.api.requestArtworkPermission({ requestId: newId(), ownerId: other.id, scope: { photoId: newId() } });
    const principals = await consent.db
      .selectFrom('principals')
      .selectAll()
      .where('subject_id', '=', other.id)
      .execute();
    const { files } = await archiveOf(user, (await completed(user)).id);
    expect(files.get('consent/permissions.json')!.toString()).toContain('another person');
    for (const [path, body] of files) {
      if (path.startsWith('consent/receipts/')) continue; // one's own receipt names the pseudonym of whom one asked
      for (const id of [other.id, principals[0]!.principal_id]) expect(body.includes(id), path).toBe(false);
    }
  });

  test('leaves out what vanished while it was packed, and says so', async () => {
    const user = await person([{ path: 'photos/gone.jpg', objectKey: `photos/${newId()}/${newId()}` }]);
    const { files } = await archiveOf(user, (await completed(user)).id);
    expect(files.has('photos/gone.jpg')).toBe(false);
    expect(files.get('README.txt')!.toString()).toContain('photos/gone.jpg');
  });

  test('of a minor is had by its representative, and is not in the representative’s own', async () => {
    const user = await person();
    const declare = { requestId: newId(), relation: RepresentativeRelation.PARENT, declared: true };
    const { minor } = await user.subjects.declareMinor(declare);
    const subject = { id: minor!.subject!.id, kind: SubjectKind.MINOR };
    holder.exported.set(subject.id, [{ path: 'photos/child.json', text: '{}' }]);
    const stranger = await person();
    expect((await refusal(stranger.privacy.createExport({ requestId: newId(), subject }))).reason).toBe('NOT_ALLOWED');
    const done = await completed(user, { subject });
    const [object] = await Array.fromAsync(store.list(`exports/${subject.id}/${done.id}/`));
    expect([...(await unzipped(await store.get(object!.key))).keys()]).toContain('photos/child.json');
    const own = await archiveOf(user, (await completed(user)).id);
    expect(own.files.has('photos/child.json')).toBe(false);
  });
});

test('asking again while one is packed gives that one; a new one takes the place of the archive before', async () => {
  const user = await person();
  holder.isDown(true);
  const requestId = newId();
  const first = (await user.privacy.createExport({ requestId })).export!;
  expect((await user.privacy.createExport({ requestId })).export!.id).toBe(first.id);
  expect((await user.privacy.createExport({ requestId: newId() })).export!.id).toBe(first.id);
  const open = async () => (await user.privacy.getExport({ exportId: first.id })).export!;
  await until(async () => (await open()).waitingFor !== '', { what: 'that it waits' });
  expect((await open()).downloadUrl).toBe('');
  holder.isDown(false);
  for await (const _ of user.privacy.watchExport({ exportId: first.id }));
  expect(await open()).toMatchObject({ state: ExportState.COMPLETED, waitingFor: '' });
  const second = await completed(user);
  expect(second.id).not.toBe(first.id);
  expect(await open()).toMatchObject({ state: ExportState.DELETED, downloadUrl: '' });
  const keys = (await Array.fromAsync(store.list(`exports/${user.id}/`))).map(({ key }) => key);
  expect(keys).toEqual([`exports/${user.id}/${second.id}/1.zip`]);
});

test('CR-12 it is a request with a clock, and on record', async () => {
  const user = await person();
  const done = await completed(user);
  const { requests } = await user.privacy.listPrivacyRequests({});
  expect(requests).toMatchObject([{ id: done.id, kind: PrivacyRequestKind.EXPORT, overdue: false }]);
  expect(requests[0]!.events.map((event) => event.what)).toEqual(['received', 'confirmed', 'completed']);
  await (await downloads()).resolveExport({ token: tokenOf(done.downloadUrl) });
  const audit = client(AuditService, await consent.userToken(user.id));
  const actions = async () => (await audit.listAuditEntries({ pageSize: 250 })).entries.map((entry) => entry.action);
  const { EXPORT_REQUESTED, EXPORT_COMPLETED, LINK_MADE, LINK_USED } = AuditAction;
  await until(async () => (await actions()).includes(LINK_USED), { what: 'that the link is on record' });
  expect(await actions()).toEqual(expect.arrayContaining([EXPORT_REQUESTED, EXPORT_COMPLETED, LINK_MADE, LINK_USED]));
});

describe('a link', () => {
  test('leads to the archive, and works for an hour', async () => {
    const user = await person();
    const { id, downloadUrl } = await completed(user);
    expect(downloadUrl).toMatch(/^https:\/\/gateway\.example\/v1\/exports\/[\w.-]+$/);
    const token = tokenOf(downloadUrl);
    const { url } = await (await downloads()).resolveExport({ token });
    expect(decodeURIComponent(url)).toContain(`exports/${user.id}/${id}/1.zip`);
    consent.pass(3_600_000 + 1_000);
    expect(await refusal((await downloads()).resolveExport({ token }))).toMatchObject({
      reason: 'LINK_INVALID',
      metadata: { problem: 'expired' },
    });
  });

  test('is dead when it was revoked, and a new one is not', async () => {
    const user = await person();
    const { id: exportId, downloadUrl } = await completed(user);
    const request = { requestId: newId(), exportId };
    await user.privacy.revokeExportLinks(request);
    await user.privacy.revokeExportLinks(request);
    const used = refusal((await downloads()).resolveExport({ token: tokenOf(downloadUrl) }));
    expect(await used).toMatchObject({ reason: 'LINK_INVALID', metadata: { problem: 'revoked' } });
    const fresh = (await user.privacy.getExport({ exportId })).export!.downloadUrl;
    expect((await (await downloads()).resolveExport({ token: tokenOf(fresh) })).url).not.toBe('');
  });

  test('is dead when the archive was deleted', async () => {
    const user = await person();
    const { id: exportId, downloadUrl } = await completed(user);
    const deleted = await user.privacy.deleteExport({ requestId: newId(), exportId });
    expect(deleted.export).toMatchObject({ state: ExportState.DELETED });
    const used = refusal((await downloads()).resolveExport({ token: tokenOf(downloadUrl) }));
    expect(await used).toMatchObject({ reason: 'LINK_INVALID', metadata: { problem: 'deleted' } });
    expect(await Array.fromAsync(store.list(`exports/${user.id}/`))).toEqual([]);
  });

  test('cannot be forged, and only the gateway resolves it', async () => {
    const user = await person();
    const { downloadUrl } = await completed(user);
    const forged = await consent.sign({
      audience: 'irisvue-export',
      subject: user.id,
      claims: { ...decodeJwt(tokenOf(downloadUrl)) },
      lifetimeMs: DAY_MS,
    });
    expect(await refusal((await downloads()).resolveExport({ token: forged }))).toMatchObject({
      reason: 'LINK_INVALID',
      metadata: { problem: 'forged' },
    });
    const jobs = client(ExportDownloadService, await consent.serviceToken('jobs'));
    expect((await refusal(jobs.resolveExport({ token: tokenOf(downloadUrl) }))).reason).toBe('NOT_ALLOWED');
    const itself = client(ExportDownloadService, await consent.userToken(user.id));
    expect((await refusal(itself.resolveExport({ token: tokenOf(downloadUrl) }))).reason).toBe('NOT_ALLOWED');
  });
});

test('nobody else sees, follows, revokes or deletes an export, an operator neither', async () => {
  const user = await person();
  const { id: exportId } = await completed(user);
  const operator = await consent.sign({
    audience: USER_AUDIENCE,
    subject: newId(),
    claims: { sid: newId(), role: 'operator' },
    lifetimeMs: DAY_MS,
  });
  for (const token of [await consent.userToken(newId()), operator]) {
    const api = client(PrivacyService, token);
    for (const call of [
      () => api.getExport({ exportId }),
      () => Array.fromAsync(api.watchExport({ exportId })),
      () => api.revokeExportLinks({ requestId: newId(), exportId }),
      () => api.deleteExport({ requestId: newId(), exportId }),
    ]) {
      expect(await refusal(call())).toMatchObject({ code: 'NotFound', metadata: { resource: 'export', id: exportId } });
    }
    expect((await refusal(api.createExport({ requestId: newId(), subject: user.subject }))).reason).toBe('NOT_ALLOWED');
  }
  expect((await user.privacy.getExport({ exportId })).export!.state).toBe(ExportState.COMPLETED);
});

test('an archive is deleted after seven days, and not earlier', async () => {
  const user = await person();
  const done = await completed(user);
  const tidyAt = (ms: number) => {
    const now = new Date(Number(done.completeTime!.seconds) * 1_000 + ms);
    return tidyArchives({ db: consent.db as unknown as PrivacyDb, store, clock: { now: () => now } });
  };
  await tidyAt(7 * DAY_MS - 60_000);
  expect(await Array.fromAsync(store.list(`exports/${user.id}/`))).toHaveLength(1);
  await tidyAt(7 * DAY_MS + 60_000);
  expect(await Array.fromAsync(store.list(`exports/${user.id}/`))).toEqual([]);
  const { export: gone } = await user.privacy.getExport({ exportId: done.id });
  expect(gone).toMatchObject({ state: ExportState.DELETED, downloadUrl: '' });
});

test('an archive that no export stands for is deleted, another is spared', async () => {
  const user = await person();
  const { id } = await completed(user);
  const body = Buffer.from('left by a worker that was taken for dead');
  for (const key of [`${id}/2.zip`, `${newId()}/1.zip`]) {
    await store.put(`exports/${user.id}/${key}`, body, { contentType: 'application/zip' });
  }
  await tidyArchives({ db: consent.db as unknown as PrivacyDb, store, clock: consent.clock });
  const keys = (await Array.fromAsync(store.list(`exports/${user.id}/`))).map(({ key }) => key);
  expect(keys).toEqual([`exports/${user.id}/${id}/1.zip`]);
});

describe('an erasure', () => {
  const erased = async (user: Person) => {
    const { erasure, accessToken } = await user.privacy.createErasure({ requestId: newId() });
    const opened = { erasureId: erasure!.id, accessToken };
    for await (const _ of user.privacy.watchErasure(opened));
    const { certificate } = await user.privacy.getErasureCertificate(opened);
    return decodeJwt<{ objects: Array<{ sha256: string; kind: string }>; looked_at: string[] }>(certificate);
  };

  test('takes the archive with it, and its certificate names it', async () => {
    const user = await person();
    const { sha256: archive, downloadUrl } = await completed(user);
    const said = await erased(user);
    expect(said.objects).toContainEqual(
      expect.objectContaining({ kind: 'export', sha256: archive, service: 'consent' }),
    );
    expect(said.looked_at).toContain('consent:exports/');
    expect(await Array.fromAsync(store.list(`exports/${user.id}/`))).toEqual([]);
    const used = refusal((await downloads()).resolveExport({ token: tokenOf(downloadUrl) }));
    expect(await used).toMatchObject({ reason: 'LINK_INVALID', metadata: { problem: 'deleted' } });
  });

  test('stops one that is under way', async () => {
    const user = await person();
    holder.isDown(true);
    const begun = await user.privacy.createExport({ requestId: newId() });
    const ending = erased(user);
    const blocked = () =>
      (consent.db as unknown as PrivacyDb)
        .selectFrom('exports')
        .select('id')
        .where('id', '=', begun.export!.id)
        .where('state', '=', 'blocked')
        .executeTakeFirst();
    await until(blocked, { what: 'that the export is blocked' });
    holder.isDown(false);
    expect((await ending).objects).toEqual([]);
    expect(await Array.fromAsync(store.list(`exports/${user.id}/`))).toEqual([]);
  });

  test('leaves nothing to export', async () => {
    const user = await person();
    await erased(user);
    expect((await refusal(user.privacy.createExport({ requestId: newId() }))).reason).toBe('SUBJECT_ERASED');
  });
});
