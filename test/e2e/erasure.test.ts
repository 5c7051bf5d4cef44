import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { readCertificate } from '@irisvue/cli/privacy/certificate';
import { ConsentService, SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { ErasureState, PrivacyService } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import { openStore } from '@irisvue/storage';
import { startTestMesh, type TestMesh } from '@irisvue/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ended, eyeJpeg, newPerson, submit, uploadBytes } from './person.ts';

let mesh: TestMesh;
beforeAll(async () => {
  mesh = await startTestMesh();
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('CR-08 an account with a processed photo and a job under way is erased: nothing of it is left anywhere', async () => {
  await using erased = await newPerson(mesh.gatewayUrl);
  await using other = await newPerson(mesh.gatewayUrl);
  const bytes = await eyeJpeg(11);
  const photoId = await uploadBytes(erased, bytes);
  const [job] = await ended(erased, await submit(erased, photoId));
  const otherPhoto = await uploadBytes(other, await eyeJpeg(12));
  await submit(erased, await uploadBytes(erased, await eyeJpeg(13))); // still under way

  const privacy = createClient(PrivacyService, erased.account.transport);
  const { erasure, accessToken } = await privacy.createErasure({ requestId: uuidv7() });
  const transport = createConnectTransport({ baseUrl: mesh.gatewayUrl, httpVersion: '1.1' });
  const open = createClient(PrivacyService, transport);
  const opened = { erasureId: erasure!.id, accessToken };
  const states: ErasureState[] = [];
  for await (const seen of open.watchErasure(opened)) states.push(seen.erasure!.state);
  expect(states.at(-1)).toBe(ErasureState.COMPLETED);

  const subject = { id: erased.account.userId, kind: SubjectKind.SELF };
  const { scans } = await open.findErasedSubject({ ...opened, subject });
  expect(scans.map((scan) => scan.place)).toEqual(['consent', 'jobs', 'identity', 'streams', 'cache']);
  expect(scans.flatMap((scan) => scan.findings)).toEqual([]);
  await using store = await openStore(mesh.storageUrl);
  const keys = (await Array.fromAsync(store.list(''))).map((object) => object.key);
  expect(keys.filter((key) => key.includes(subject.id))).toEqual([]);
  expect(keys.some((key) => key.includes(otherPhoto))).toBe(true);
  expect((await fetch(job!.links!.resultUrl)).status).toBeGreaterThanOrEqual(400);

  const { certificate } = await open.getErasureCertificate(opened);
  const { jwks } = await createClient(ConsentService, transport).listReceiptKeys({});
  const said = await readCertificate(certificate, JSON.parse(jwks));
  expect(said.objects.map((object) => object.sha256)).toContain(sha256(bytes));

  for (const folder of ['logs', 'mail']) {
    const names = await readdir(join(mesh.home, folder)).catch(() => []);
    for (const name of names) {
      const text = await readFile(join(mesh.home, folder, name), 'utf8');
      expect(text.includes(erased.account.email), `${folder}/${name} holds the e-mail`).toBe(false);
    }
  }
});
