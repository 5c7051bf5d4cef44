import { Jurisdiction } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { verifyReceipt } from '@irisvue/receipts';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import {
  BIOMETRIC_CAPTURE,
  DATA_PROCESSING,
  grant,
  MARKETING,
  receiptKeys,
  upload,
  verifiedCitizen,
  withdraw,
} from './people.ts';

// ISO/IEC TS 27560:2023, mandatory parts, by their path in the record; [] stands for each entry.
const MANDATORY = [
  'header.schema_version',
  'header.record_id',
  'header.principal_id',
  'processing[].purpose',
  'processing[].personal_data[].type',
  'processing[].controllers[]',
  'processing[].storage_locations[]',
  'processing[].retention_period.description',
  'processing[].jurisdiction.code',
  'processing[].third_party_recipients',
  'processing[].withdrawal_method',
  'parties[].id',
  'parties[].name',
  'parties[].address',
  'parties[].contact',
  'parties[].type',
  'events[].time',
  'events[].validity.from',
  'events[].entity',
  'events[].type',
  'events[].state',
];
const OF_A_CONSENT = ['processing[].notice.id', 'processing[].notice.language', 'processing[].notice.sha256'];
const UNDER_GDPR = ['processing[].lawful_basis', 'processing[].personal_data[].special_category'];

/** What stands at a path; undefined where something is missing, an empty list included. */
function at(value: unknown, path: string): unknown[] {
  return path
    .split(/\.|(?=\[\])/)
    .reduce<unknown[]>(
      (values, name) =>
        values.flatMap((each) =>
          name === '[]'
            ? (each as unknown[]).length > 0
              ? (each as unknown[])
              : [undefined]
            : [(each as Record<string, unknown>)?.[name]],
        ),
      [value],
    );
}

test('CR-14: each grant and each withdrawal is answered with a signed record that has every mandatory field', async () => {
  const person = await verifiedCitizen();
  const keys = await receiptKeys();
  for (const jurisdiction of [Jurisdiction.GDPR, Jurisdiction.BIPA, Jurisdiction.CCPA]) {
    for (const purpose of [BIOMETRIC_CAPTURE, DATA_PROCESSING, MARKETING]) {
      const { receipt, consent } = await grant(person, purpose, { jurisdiction, recipients: ['gallery'] });
      const given = await verifyReceipt(receipt, keys);
      expect(given.header.record_id).toBe(consent.id);
      expect(given.events.at(-1)!.state).toBe('given');
      const taken = await verifyReceipt(await withdraw(person, purpose), keys);
      expect(taken.events.at(-1)!.state).toBe('withdrawn');
      for (const record of [given, taken]) {
        const needed = [...MANDATORY, ...OF_A_CONSENT, ...(jurisdiction === Jurisdiction.GDPR ? UNDER_GDPR : [])];
        for (const path of needed) for (const value of at(record, path)) expect(value, path).toBeDefined();
        const said = JSON.stringify(record);
        for (const name of [person.account.userId, person.account.email]) expect(said).not.toContain(name);
      }
    }
  }
});

test('CR-14: permissions to others are answered so, too, and all receipts can be fetched again', async () => {
  const [person, other] = await Promise.all([verifiedCitizen(), verifiedCitizen()]);
  const keys = await receiptKeys();
  const { token } = await other.subjects.createSubjectInvitation({ requestId: uuidv7() });
  const accepted = await person.subjects.acceptSubjectInvitation({ requestId: uuidv7(), token, fullAge: true });
  const uploaderId = other.account.userId;
  const ended = await person.subjects.withdrawCapturePermission({ requestId: uuidv7(), uploaderId });
  await grant(person, BIOMETRIC_CAPTURE);
  const use = { photoId: await upload(person, 1), creatorId: uploaderId };
  const allowed = await person.consent.grantArtworkPermission({ requestId: uuidv7(), ...use });
  const taken = await person.consent.withdrawArtworkPermission({ requestId: uuidv7(), ...use });
  const receipts = [accepted.receipt, ended.receipt, allowed.receipt, ...taken.receipts];
  const states: string[] = [];
  for (const receipt of receipts) {
    const record = await verifyReceipt(receipt, keys);
    for (const path of MANDATORY) for (const value of at(record, path)) expect(value, path).toBeDefined();
    states.push(record.events.at(-1)!.state);
  }
  expect(states).toEqual(['given', 'withdrawn', 'given', 'withdrawn']);
  const { receipts: kept } = await person.consent.listReceipts({ pageSize: 250 });
  expect(kept.map(({ jws }) => jws)).toEqual(expect.arrayContaining(receipts));
});

test('CR-14: a receipt that was changed in one letter is none', async () => {
  const person = await verifiedCitizen();
  const [head, payload, signature] = (await grant(person, DATA_PROCESSING)).receipt.split('.');
  const claims = Buffer.from(payload!, 'base64url').toString().replace('"given"', '"taken"');
  const forged = [head, Buffer.from(claims).toString('base64url'), signature].join('.');
  await expect(verifyReceipt(forged, await receiptKeys())).rejects.toThrow('signature');
});
