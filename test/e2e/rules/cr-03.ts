import { createHash } from 'node:crypto';
import { Jurisdiction } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { ErrorReason } from '@irisvue/runtime';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { BIOMETRIC_CAPTURE, DATA_PROCESSING, grant, MARKETING, newCitizen, refusal } from './people.ts';
import { query } from './scene.ts';

interface Choice {
  readonly notice_sha256: string;
  readonly body: string;
  readonly served_at: Date;
  readonly chosen_at: Date;
}

test('CR-03: a choice counts only after its notice was shown to whoever chooses', async () => {
  const [person, other] = [await newCitizen(), await newCitizen()];
  // What somebody else was shown is the same text, and yet this person has not seen it.
  const { request } = await grant(other, DATA_PROCESSING);
  const blind = { ...request, requestId: uuidv7(), subject: person.eye };
  expect(await refusal(person.consent.grantConsent(blind))).toBe(ErrorReason.NOTICE_OUTDATED);
  await person.consent.getNotice({ purpose: DATA_PROCESSING, jurisdiction: Jurisdiction.GDPR, language: 'en' });
  const forged = { ...blind, requestId: uuidv7(), noticeSha256: 'f'.repeat(64) };
  expect(await refusal(person.consent.grantConsent(forged))).toBe(ErrorReason.NOTICE_OUTDATED);
  expect((await person.consent.grantConsent({ ...blind, requestId: uuidv7() })).consent!.granted).toBe(true);
});

test('CR-03: the text that was served is stored under its hash, apart from the choice, and before it', async () => {
  const person = await newCitizen();
  const { consent, notice } = await grant(person, BIOMETRIC_CAPTURE, { language: 'de' });
  const [row] = await query<Choice>(
    'consent',
    `SELECT notices.sha256 AS notice_sha256, body, served_at, event.created_at AS chosen_at
     FROM consent_events AS event JOIN notices_served AS served ON served.id = event.notice_served_id
     JOIN notices ON notices.sha256 = served.notice_sha256 WHERE event.id = '${consent.id}'`,
  );
  expect(row!.body).toBe(notice.body);
  expect(row!.notice_sha256).toBe(createHash('sha256').update(notice.body).digest('hex'));
  expect(consent.noticeSha256).toBe(row!.notice_sha256);
  expect(row!.served_at.getTime()).toBeLessThan(row!.chosen_at.getTime());
});

test.each([
  ['en', ['What is collected', 'Why', 'For how long', 'Who receives it', 'How to withdraw'], '36 months'],
  ['de', ['Was erhoben wird', 'Wozu', 'Wie lange', 'Wer es erhält', 'Wie Sie widerrufen'], '36 Monate'],
])(
  'CR-03: a notice (%s) says what is collected, why, for how long, for whom, and how to withdraw',
  async (language, headings, term) => {
    const person = await newCitizen();
    const wish = { purpose: BIOMETRIC_CAPTURE, jurisdiction: Jurisdiction.BIPA, language, recipients: ['gallery'] };
    const { body } = (await person.consent.getNotice(wish)).notice!;
    const sections = new Map(body.split(/^## /m).map((text) => [text.split('\n')[0]!.trim(), text]));
    for (const heading of headings)
      expect(sections.get(heading)?.split('\n').slice(1).join('').length).toBeGreaterThan(50);
    expect(sections.get(headings[2]!)).toContain(term);
    expect(sections.get(headings[3]!)).toContain('Example Gallery, 1 Example Street');
    expect(sections.get(headings[4]!)).toContain('WithdrawConsent');
  },
);

test('CR-03: each purpose is a choice of its own, and none is made beforehand', async () => {
  const person = await newCitizen();
  expect((await person.consent.listConsents({})).consents).toEqual([]);
  await grant(person, DATA_PROCESSING);
  const standing = (await person.consent.listConsents({})).consents.filter(({ granted }) => granted);
  expect(standing.map(({ purpose }) => purpose)).toEqual([DATA_PROCESSING]);
  await grant(person, MARKETING);
  await person.consent.withdrawConsent({ requestId: uuidv7(), subject: person.eye, purpose: MARKETING });
  const left = (await person.consent.listConsents({})).consents.filter(({ granted }) => granted);
  expect(left.map(({ purpose }) => purpose)).toEqual([DATA_PROCESSING]);
});
