import { Jurisdiction } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { verifyReceipt } from '@irisvue/receipts';
import { openStore } from '@irisvue/storage';
import { expect, test } from 'vitest';
import {
  askErasure,
  BIOMETRIC_CAPTURE,
  certificateOf,
  grant,
  newCitizen,
  receiptKeys,
  upload,
  withdraw,
} from './people.ts';
import { query, scene } from './scene.ts';

const EVIDENCE = [
  'notices',
  'notices_served',
  'retention_policies',
  'consent_events',
  'artwork_permission_events',
  'capture_permission_events',
  'receipts',
  'audit_log',
];

test.each(EVIDENCE)('CR-13: rows of %s can be added, and neither changed nor removed, whoever tries', async (table) => {
  const [column] = await query<{ name: string }>(
    'consent',
    `SELECT column_name AS name FROM information_schema.columns WHERE table_name = '${table}' AND is_generated = 'NEVER' AND is_identity = 'NO'`,
  );
  const tries = [
    `UPDATE ${table} SET ${column!.name} = ${column!.name}`,
    `DELETE FROM ${table}`,
    `TRUNCATE ${table} CASCADE`,
  ];
  for (const attempt of tries) await expect(query('consent', attempt), attempt).rejects.toThrow('only ever added');
});

test('CR-13: what proves the choices outlives the account, about nobody who is known; the pictures do not', async () => {
  const person = await newCitizen();
  const { receipt, request } = await grant(person, BIOMETRIC_CAPTURE, { jurisdiction: Jurisdiction.BIPA });
  const photoId = await upload(person, 1);
  await withdraw(person, BIOMETRIC_CAPTURE);
  const { principal_id: principal } = (await verifyReceipt(receipt, await receiptKeys())).header;
  const events = () =>
    query('consent', `SELECT * FROM consent_events WHERE principal_id = '${principal}' ORDER BY seq`);
  const receipts = () =>
    query('consent', `SELECT * FROM receipts WHERE holder_principal_id = '${principal}' ORDER BY id`);
  const before = [await events(), await receipts()];
  expect(before.map((rows) => rows.length)).toEqual([2, 2]);

  await certificateOf(await askErasure(person));
  expect([await events(), await receipts()]).toEqual(before);
  const beside = ['principals', 'event_signatures', 'event_addresses'];
  const names = [person.account.userId, person.account.email, request.signature, principal];
  for (const table of beside) {
    const ofPrincipal = `SELECT id FROM consent_events WHERE principal_id = '${principal}'`;
    const column = table === 'principals' ? `principal_id = '${principal}'` : `event_id IN (${ofPrincipal})`;
    expect(await query('consent', `SELECT * FROM ${table} WHERE ${column}`), table).toEqual([]);
  }
  const evidence = JSON.stringify(before);
  for (const name of names.slice(0, 3)) expect(evidence).not.toContain(name);
  await using store = await openStore(scene().mesh.storageUrl);
  const keys = (await Array.fromAsync(store.list(''))).map(({ key }) => key);
  expect(keys.filter((key) => key.includes(photoId) || key.includes(person.account.userId))).toEqual([]);
});
