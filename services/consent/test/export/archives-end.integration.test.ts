import { ExportDownloadService, ExportState } from '@irisvue/contracts/irisvue/privacy/v1/export';
import { PrivacyService } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import { newId } from '@irisvue/database';
import { USER_AUDIENCE } from '@irisvue/runtime';
import { until } from '@irisvue/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tidyArchives } from '../../src/export/keep-archives.ts';
import type { PrivacyDb } from '../../src/privacy/schema.ts';
import { refusal } from '../refusal.ts';
import { type ExportingPerson, type ExportScene, exportScene, tokenOf } from './export-scene.ts';

const DAY_MS = 86_400_000;

let at: ExportScene;
beforeAll(async () => {
  at = await exportScene();
});
afterAll(() => at[Symbol.asyncDispose]());

describe('a link', () => {
  test('leads to the archive, and works for an hour', async () => {
    const user = await at.person();
    const { id, downloadUrl } = await at.completed(user);
    expect(downloadUrl).toMatch(/^https:\/\/gateway\.example\/v1\/exports\/[\w.-]+$/);
    const { url } = await at.resolve(downloadUrl);
    expect(decodeURIComponent(url)).toContain(`exports/${user.id}/${id}/1.zip`);
    at.consent.pass(3_600_000 + 1_000);
    expect(await refusal(at.resolve(downloadUrl))).toMatchObject({
      reason: 'LINK_INVALID',
      metadata: { problem: 'expired' },
    });
  });

  test('is dead when it was revoked, and a new one is not', async () => {
    const user = await at.person();
    const { id: exportId, downloadUrl } = await at.completed(user);
    const request = { requestId: newId(), exportId };
    await user.privacy.revokeExportLinks(request);
    await user.privacy.revokeExportLinks(request);
    const used = refusal(at.resolve(downloadUrl));
    expect(await used).toMatchObject({ reason: 'LINK_INVALID', metadata: { problem: 'revoked' } });
    const fresh = (await user.privacy.getExport({ exportId })).export!.downloadUrl;
    expect((await at.resolve(fresh)).url).not.toBe('');
  });

  test('is dead when the archive was deleted', async () => {
    const user = await at.person();
    const { id: exportId, downloadUrl } = await at.completed(user);
    const deleted = await user.privacy.deleteExport({ requestId: newId(), exportId });
    expect(deleted.export).toMatchObject({ state: ExportState.DELETED });
    const used = refusal(at.resolve(downloadUrl));
    expect(await used).toMatchObject({ reason: 'LINK_INVALID', metadata: { problem: 'deleted' } });
    expect(await at.keys(user.id)).toEqual([]);
  });

  test('cannot be forged, and only the gateway resolves it', async () => {
    const user = await at.person();
    const { downloadUrl } = await at.completed(user);
    const forged = await at.consent.sign({
      audience: 'irisvue-export',
      subject: user.id,
      claims: { ...decodeJwt(tokenOf(downloadUrl)) },
      lifetimeMs: DAY_MS,
    });
    expect(await refusal(at.resolve(forged))).toMatchObject({
      reason: 'LINK_INVALID',
      metadata: { problem: 'forged' },
    });
    const jobs = at.client(ExportDownloadService, await at.consent.serviceToken('jobs'));
    expect((await refusal(jobs.resolveExport({ token: tokenOf(downloadUrl) }))).reason).toBe('NOT_ALLOWED');
    const itself = at.client(ExportDownloadService, await at.consent.userToken(user.id));
    expect((await refusal(itself.resolveExport({ token: tokenOf(downloadUrl) }))).reason).toBe('NOT_ALLOWED');
  });
});

test('one that is deleted before it is packed is a request that was withdrawn', async () => {
  const user = await at.person();
  at.holder.isDown(true);
  const exportId = (await user.privacy.createExport({ requestId: newId() })).export!.id;
  const request = { requestId: newId(), exportId };
  await user.privacy.deleteExport(request);
  await user.privacy.deleteExport(request);
  at.holder.isDown(false);
  const { requests } = await user.privacy.listPrivacyRequests({});
  expect(requests[0]!.events.map((event) => event.what)).toEqual(['received', 'confirmed', 'withdrawn']);
  expect(requests[0]!.completeTime).toBeDefined();
  expect((await at.completed(user)).state).toBe(ExportState.COMPLETED);
  expect(await at.keys(user.id)).toHaveLength(1);
});

test('nobody else sees, follows, revokes or deletes an export, an operator neither', async () => {
  const user = await at.person();
  const { id: exportId } = await at.completed(user);
  const operator = await at.consent.sign({
    audience: USER_AUDIENCE,
    subject: newId(),
    claims: { sid: newId(), role: 'operator' },
    lifetimeMs: DAY_MS,
  });
  for (const token of [await at.consent.userToken(newId()), operator]) {
    const api = at.client(PrivacyService, token);
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
  const user = await at.person();
  const done = await at.completed(user);
  const tidyAt = (ms: number) => {
    const now = new Date(Number(done.completeTime!.seconds) * 1_000 + ms);
    return tidyArchives({ db: at.consent.db as unknown as PrivacyDb, store: at.store, clock: { now: () => now } });
  };
  await tidyAt(7 * DAY_MS - 60_000);
  expect(await at.keys(user.id)).toHaveLength(1);
  await tidyAt(7 * DAY_MS + 60_000);
  expect(await at.keys(user.id)).toEqual([]);
  const { export: gone } = await user.privacy.getExport({ exportId: done.id });
  expect(gone).toMatchObject({ state: ExportState.DELETED, downloadUrl: '' });
});

test('an archive that no export stands for is deleted, another is spared', async () => {
  const user = await at.person();
  const { id } = await at.completed(user);
  const body = Buffer.from('left by a worker that was taken for dead');
  for (const key of [`${id}/2.zip`, `${newId()}/1.zip`]) {
    await at.store.put(`exports/${user.id}/${key}`, body, { contentType: 'application/zip' });
  }
  await tidyArchives({ db: at.consent.db as unknown as PrivacyDb, store: at.store, clock: at.consent.clock });
  const keys = await at.keys(user.id);
  expect(keys).toEqual([`exports/${user.id}/${id}/1.zip`]);
});

describe('an erasure', () => {
  const erased = async (user: ExportingPerson) => {
    const { erasure, accessToken } = await user.privacy.createErasure({ requestId: newId() });
    const opened = { erasureId: erasure!.id, accessToken };
    for await (const _ of user.privacy.watchErasure(opened));
    const { certificate } = await user.privacy.getErasureCertificate(opened);
    return decodeJwt<{ objects: Array<{ sha256: string; kind: string }>; looked_at: string[] }>(certificate);
  };

  test('takes the archive with it, and its certificate names it', async () => {
    const user = await at.person();
    const { sha256: archive, downloadUrl } = await at.completed(user);
    const said = await erased(user);
    expect(said.objects).toContainEqual(
      expect.objectContaining({ kind: 'export', sha256: archive, service: 'consent' }),
    );
    expect(said.looked_at).toContain('consent:exports/');
    expect(await at.keys(user.id)).toEqual([]);
    const used = refusal(at.resolve(downloadUrl));
    expect(await used).toMatchObject({ reason: 'LINK_INVALID', metadata: { problem: 'deleted' } });
  });

  test('stops one that is under way', async () => {
    const user = await at.person();
    at.holder.isDown(true);
    const begun = await user.privacy.createExport({ requestId: newId() });
    const ending = erased(user);
    const blocked = () =>
      (at.consent.db as unknown as PrivacyDb)
        .selectFrom('exports')
        .select('id')
        .where('id', '=', begun.export!.id)
        .where('state', '=', 'blocked')
        .executeTakeFirst();
    await until(blocked, { what: 'that the export is blocked' });
    at.holder.isDown(false);
    expect((await ending).objects).toEqual([]);
    const request = await (at.consent.db as unknown as PrivacyDb)
      .selectFrom('privacy_requests')
      .select('completed_at')
      .where('id', '=', begun.export!.id)
      .executeTakeFirst();
    expect(request!.completed_at).not.toBeNull();
    expect(await at.keys(user.id)).toEqual([]);
  });

  test('leaves nothing to export', async () => {
    const user = await at.person();
    await erased(user);
    expect((await refusal(user.privacy.createExport({ requestId: newId() }))).reason).toBe('SUBJECT_ERASED');
  });
});
