import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@connectrpc/connect';
import { PrivacyService } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import { openStore } from '@irisvue/storage';
import { expect, test } from 'vitest';
import { ended, eyeJpeg, submit } from '../person.ts';
import { anybody, askErasure, certificateOf, consentingCitizen, statusOf, upload } from './people.ts';
import { type DatabaseName, query, scene, tablesOf } from './scene.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('CR-08: an account with a processed photo and a job under way is erased: nothing of it is left anywhere', async () => {
  const { mesh } = scene();
  const [erased, other] = await Promise.all([consentingCitizen(), consentingCitizen()]);
  const [job] = await ended(erased, await submit(erased, await upload(erased, 11)));
  const otherPhoto = await upload(other, 12);
  await submit(erased, await upload(erased, 13)); // still under way

  const request = await askErasure(erased);
  const said = await certificateOf(request);
  expect(said.objects.map((object) => object.sha256)).toContain(sha256(await eyeJpeg(11, 320, 240)));
  expect(await statusOf(job!.links!.resultUrl)).toBeGreaterThanOrEqual(400);

  const open = createClient(PrivacyService, anybody());
  const { scans } = await open.findErasedSubject({ ...request, subject: erased.eye });
  expect(scans.map((scan) => scan.place)).toEqual(['consent', 'jobs', 'identity', 'streams', 'cache']);
  expect(scans.flatMap((scan) => scan.findings)).toEqual([]);
  await using store = await openStore(mesh.storageUrl);
  const keys = (await Array.fromAsync(store.list(''))).map((object) => object.key);
  expect(keys.filter((key) => key.includes(erased.eye.id))).toEqual([]);
  expect(keys.some((key) => key.includes(otherPhoto))).toBe(true);

  const names = [erased.eye.id, erased.account.email];
  for (const database of ['identity', 'consent', 'jobs'] satisfies DatabaseName[]) {
    for (const table of await tablesOf(database)) {
      const found = names.map((name) => `position('${name}' in rows::text) > 0`).join(' OR ');
      const rows = await query(database, `SELECT * FROM "${table}" AS rows WHERE ${found}`);
      expect(rows, `${database}.${table}`).toEqual([]);
    }
  }
  for (const folder of ['logs', 'mail']) {
    for (const name of await readdir(join(mesh.home, folder))) {
      const text = await readFile(join(mesh.home, folder, name), 'utf8');
      expect(text.includes(erased.account.email), `${folder}/${name} holds the e-mail`).toBe(false);
    }
  }
});
