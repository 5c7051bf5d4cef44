import { createHash } from 'node:crypto';
import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { RepresentativeRelation } from '@irisvue/contracts/irisvue/consent/v1/subject_service';
import { AuditAction } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { AuditService } from '@irisvue/contracts/irisvue/privacy/v1/audit_service';
import { ExportState } from '@irisvue/contracts/irisvue/privacy/v1/export';
import { PrivacyRequestKind } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import { newId } from '@irisvue/database';
import { verifyReceipt } from '@irisvue/receipts';
import { until, unzipped } from '@irisvue/testing';
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal } from '../refusal.ts';
import { type ExportScene, exportScene } from './export-scene.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

let at: ExportScene;
beforeAll(async () => {
  at = await exportScene();
});
afterAll(() => at[Symbol.asyncDispose]());

describe('CR-11 an archive', () => {
  test('holds real bytes, JSON and receipts that verify by themselves, and the hash of each', async () => {
    const picture = Buffer.from('the bytes of an iris');
    const key = `photos/${newId()}/${newId()}`;
    await at.store.put(key, picture, { contentType: 'image/jpeg' });
    const user = await at.person([
      { path: 'photos/a.json', text: '{"a":1}' },
      { path: 'photos/a.jpg', objectKey: key },
    ]);
    const done = await at.completed(user);
    expect(done).toMatchObject({ state: ExportState.COMPLETED, progress: 100, subject: user.subject });
    const { bytes, files } = await at.archiveOf(user.id, done.id);
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
    const user = await at.person([{ path: 'photos/<b>.json', text: '{}' }]);
    const { files } = await at.archiveOf(user.id, (await at.completed(user, { language: 'de' })).id);
    const page = files.get('index.html')!.toString();
    expect(page).toContain('<html lang="de">');
    expect(page).toContain('photos/&lt;b&gt;.json');
    expect(page).not.toMatch(/<script|https?:|<b>/);
    expect(files.get('README.txt')!.toString()).toContain('Ihre Daten bei IrisVue');
  });

  test('names nobody else', async () => {
    const other = await at.person();
    const user = await at.person();
    const scope = { requestId: newId(), photoId: newId(), creatorId: user.id };
    await other.api.grantArtworkPermission(scope);
    await user.api.requestArtworkPermission({ requestId: newId(), ownerId: other.id, scope: { photoId: newId() } });
    const principals = await at.consent.db
      .selectFrom('principals')
      .selectAll()
      .where('subject_id', '=', other.id)
      .execute();
    const { files } = await at.archiveOf(user.id, (await at.completed(user)).id);
    expect(files.get('consent/permissions.json')!.toString()).toContain('another person');
    for (const [path, body] of files) {
      if (path.startsWith('consent/receipts/')) continue; // one's own receipt names the pseudonym of whom one asked
      for (const id of [other.id, principals[0]!.principal_id]) expect(body.includes(id), path).toBe(false);
    }
  });

  test('leaves out what vanished while it was packed, and says so', async () => {
    const user = await at.person([{ path: 'photos/gone.jpg', objectKey: `photos/${newId()}/${newId()}` }]);
    const { files } = await at.archiveOf(user.id, (await at.completed(user)).id);
    expect(files.has('photos/gone.jpg')).toBe(false);
    expect(files.get('README.txt')!.toString()).toContain('photos/gone.jpg');
  });

  test('of a minor is had by its representative, and is not in the representative’s own', async () => {
    const user = await at.person();
    const declare = { requestId: newId(), relation: RepresentativeRelation.PARENT, declared: true };
    const { minor } = await user.subjects.declareMinor(declare);
    const subject = { id: minor!.subject!.id, kind: SubjectKind.MINOR };
    at.holder.exported.set(subject.id, [{ path: 'photos/child.json', text: '{}' }]);
    const stranger = await at.person();
    expect((await refusal(stranger.privacy.createExport({ requestId: newId(), subject }))).reason).toBe('NOT_ALLOWED');
    const done = await at.completed(user, { subject });
    const [object] = await Array.fromAsync(at.store.list(`exports/${subject.id}/${done.id}/`));
    expect([...(await unzipped(await at.store.get(object!.key))).keys()]).toContain('photos/child.json');
    const own = await at.archiveOf(user.id, (await at.completed(user)).id);
    expect(own.files.has('photos/child.json')).toBe(false);
  });
});

test('asking again while one is packed gives that one; a new one takes the place of the archive before', async () => {
  const user = await at.person();
  at.holder.isDown(true);
  const requestId = newId();
  const first = (await user.privacy.createExport({ requestId })).export!;
  expect((await user.privacy.createExport({ requestId })).export!.id).toBe(first.id);
  expect((await user.privacy.createExport({ requestId: newId() })).export!.id).toBe(first.id);
  const open = async () => (await user.privacy.getExport({ exportId: first.id })).export!;
  await until(async () => (await open()).waitingFor !== '', { what: 'that it waits' });
  expect((await open()).downloadUrl).toBe('');
  at.holder.isDown(false);
  for await (const _ of user.privacy.watchExport({ exportId: first.id }));
  expect(await open()).toMatchObject({ state: ExportState.COMPLETED, waitingFor: '' });
  const second = await at.completed(user);
  expect(second.id).not.toBe(first.id);
  expect(await open()).toMatchObject({ state: ExportState.DELETED, downloadUrl: '' });
  const keys = await at.keys(user.id);
  expect(keys).toEqual([`exports/${user.id}/${second.id}/1.zip`]);
});

test('CR-12 it is a request with a clock, and on record', async () => {
  const user = await at.person();
  const done = await at.completed(user);
  const { requests } = await user.privacy.listPrivacyRequests({});
  expect(requests).toMatchObject([{ id: done.id, kind: PrivacyRequestKind.EXPORT, overdue: false }]);
  expect(requests[0]!.events.map((event) => event.what)).toEqual(['received', 'confirmed', 'completed']);
  await at.resolve(done.downloadUrl);
  const audit = at.client(AuditService, await at.consent.userToken(user.id));
  const actions = async () => (await audit.listAuditEntries({ pageSize: 250 })).entries.map((entry) => entry.action);
  const { EXPORT_REQUESTED, EXPORT_COMPLETED, LINK_MADE, LINK_USED } = AuditAction;
  await until(async () => (await actions()).includes(LINK_USED), { what: 'that the link is on record' });
  expect(await actions()).toEqual(expect.arrayContaining([EXPORT_REQUESTED, EXPORT_COMPLETED, LINK_MADE, LINK_USED]));
});
