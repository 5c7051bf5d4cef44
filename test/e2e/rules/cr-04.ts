import { createHash } from 'node:crypto';
import { Jurisdiction } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { verifyReceipt } from '@irisvue/receipts';
import { ErrorReason } from '@irisvue/runtime';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { BIOMETRIC_CAPTURE, DATA_PROCESSING, grant, MARKETING, newCitizen, receiptKeys, refusal } from './people.ts';
import { query } from './scene.ts';

test('CR-04: an Illinois release is signed with a name, which is bound to the hash of the notice', async () => {
  const person = await newCitizen();
  const { consent, receipt, notice, request } = await grant(person, BIOMETRIC_CAPTURE, {
    jurisdiction: Jurisdiction.BIPA,
  });
  expect(request.signature).not.toBe('');
  const [signed] = await query<{ name: string; salt: string; signature_sha256: string }>(
    'consent',
    `SELECT name, salt, signature_sha256 FROM consent_events JOIN event_signatures ON event_id = id WHERE id = '${consent.id}'`,
  );
  expect(signed!.name).toBe(request.signature);
  const bound = createHash('sha256').update(`${signed!.salt}\n${notice.sha256}\n${request.signature}`).digest('hex');
  expect(signed!.signature_sha256).toBe(bound);

  const record = await verifyReceipt(receipt, await receiptKeys());
  expect(record.processing[0]!.notice!.sha256).toBe(notice.sha256);
  expect(record.events.at(-1)).toMatchObject({ state: 'given', type: 'explicit_signed', signature_sha256: bound });
  expect(JSON.stringify(record)).not.toContain(request.signature);
});

test('CR-04: without a name there is no release, and where the law asks for none no name is kept', async () => {
  const person = await newCitizen();
  for (const purpose of [BIOMETRIC_CAPTURE, DATA_PROCESSING]) {
    const { notice } = await person.consent.getNotice({ purpose, jurisdiction: Jurisdiction.BIPA, language: 'en' });
    expect(notice!.signatureRequired).toBe(true);
    const shown = { noticeId: notice!.id, noticeSha256: notice!.sha256, jurisdiction: Jurisdiction.BIPA };
    for (const signature of ['', ' \t '])
      expect(
        await refusal(
          person.consent.grantConsent({
            ...{ requestId: uuidv7(), subject: person.eye, purpose, fullAge: true, signature },
            ...shown,
          }),
        ),
      ).toBe(ErrorReason.SIGNATURE_REQUIRED);
  }
  expect((await grant(person, MARKETING, { jurisdiction: Jurisdiction.BIPA })).notice.signatureRequired).toBe(false);
  const { consent, request } = await grant(person, DATA_PROCESSING, { jurisdiction: Jurisdiction.GDPR });
  await person.consent.grantConsent({ ...request, requestId: uuidv7(), signature: 'Robin Example' });
  expect(await query('consent', `SELECT 1 FROM event_signatures WHERE event_id = '${consent.id}'`)).toEqual([]);
});
