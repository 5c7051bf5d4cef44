import { createHash } from 'node:crypto';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { JURISDICTION_NAMES, PURPOSE_NAMES } from '../src/consent-enums.ts';
import { LAWS, RULES, rulesOf } from '../src/jurisdiction-rules.ts';
import { loadNotices, type Notices, type NoticeWish } from '../src/notices.ts';
import { loadRetentionPolicies, type RetentionPolicies } from '../src/retention-policies.ts';
import { fill, parseVersionedText } from '../src/versioned-text.ts';

const operator = {
  name: 'Iris Atelier Ltd',
  address: '1 Example Road, Dublin',
  contact: 'privacy@atelier.example',
  storageLocations: ['Dublin, Ireland'],
  recipients: [],
};
const folder = (name: string) => path.join(import.meta.dirname, '..', name);

let make: Notices;
let policies: RetentionPolicies;
beforeAll(async () => {
  make = await loadNotices(folder('notices'), operator);
  policies = await loadRetentionPolicies(folder('retention'), operator);
});

const notice = (o: Pick<NoticeWish, 'jurisdiction' | 'purpose'> & Partial<NoticeWish>) => {
  const language = o.language ?? 'en';
  return make({ language, recipients: [], policy: policies.inForce(new Date(), language), ...o });
};
const flat = (text: string) => text.replaceAll(/\s+/g, ' ');
const HEADINGS = {
  en: [
    'Who is responsible',
    'What is',
    'Why',
    'For how long',
    'Who receives it',
    'How to withdraw',
    '',
    'What you agree',
  ],
  de: ['Wer verantwortlich ist', 'Was', 'Wozu', 'Wie lange', 'Wer es erhält', 'Wie Sie widerrufen', '', 'Wozu Sie'],
} as const;
const all = JURISDICTION_NAMES.flatMap((jurisdiction) =>
  PURPOSE_NAMES.flatMap((purpose) => (['en', 'de'] as const).map((language) => ({ jurisdiction, purpose, language }))),
);

describe('a notice (CR-03)', () => {
  test.each(all)('for $purpose under $jurisdiction in $language says what it must', (wish) => {
    const { body, sha256, id, language, policy } = notice(wish);
    expect(id).toBe(`${wish.jurisdiction}/${wish.purpose}/${wish.language}`);
    expect(language).toBe(wish.language);
    expect(sha256).toBe(createHash('sha256').update(body).digest('hex'));
    const headings = [...body.matchAll(/^## (.*)$/gm)].map((match) => match[1]);
    expect(headings).toEqual(HEADINGS[wish.language].map((start) => expect.stringMatching(new RegExp(`^${start}`))));
    expect(flat(body)).toContain(
      { en: 'This is a choice of its own', de: 'Dies ist eine eigene Entscheidung' }[wish.language],
    );
    for (const fact of [operator.name, operator.address, operator.contact, 'Dublin, Ireland', policy.version]) {
      expect(body).toContain(fact);
    }
    expect(body).not.toMatch(/\{\{|undefined/);
  });

  test.each(['en', 'de'])('of the strictest kind holds every duty of the others, in %s', (language) => {
    for (const purpose of PURPOSE_NAMES) {
      const strictest = flat(notice({ jurisdiction: 'strictest', purpose, language }).body);
      for (const jurisdiction of LAWS) {
        const { body } = notice({ jurisdiction, purpose, language });
        const rights = body.split('## ')[7]!.split('\n- ').slice(1);
        expect(rights.length).toBeGreaterThan(0);
        for (const right of rights) expect(strictest).toContain(flat(right).trim());
      }
    }
  });

  test('is a text of its own under each jurisdiction, purpose and language', () => {
    expect(new Set(all.map((wish) => notice(wish).sha256)).size).toBe(all.length);
  });

  test.each([
    ['bipa', '36 months after your last interaction with us;'],
    ['cubi', '36 months after your last interaction with us or, if that is earlier, 12 months after that purpose'],
    ['strictest', '36 months after your last interaction with us or, if that is earlier, 12 months after that purpose'],
    ['gdpr', '36 months after your last interaction with us;'],
  ] as const)('under %s states the length of term that its rules give', (jurisdiction, term) => {
    expect(flat(notice({ jurisdiction, purpose: 'biometric_capture' }).body)).toContain(term);
  });

  test('names the recipients that the person named, and is another text then', () => {
    const wish = { jurisdiction: 'gdpr', purpose: 'data_processing' } as const;
    const named = notice({ ...wish, recipients: [{ id: 'whatsapp', description: 'Messages Ltd, Dublin' }] });
    expect(flat(named.body)).toContain('because you named them: Messages Ltd, Dublin.');
    expect(flat(notice(wish).body)).toContain('No other recipient is named by this consent');
    expect(named.sha256).not.toBe(notice(wish).sha256);
  });

  test('is the same text, byte by byte, whenever it is made', async () => {
    const again = await loadNotices(folder('notices'), operator);
    const wish = { jurisdiction: 'uk', purpose: 'marketing', language: 'de', recipients: [] } as const;
    const policy = policies.inForce(new Date(), 'de');
    expect(again({ ...wish, policy })).toEqual(make({ ...wish, policy }));
  });

  test.each([
    ['', 'en'],
    ['en-GB', 'en'],
    ['de-AT', 'de'],
    ['tlh', 'en'],
    ['../../secret', 'en'],
  ])('asked for in the language "%s" is given in %s', (language, given) => {
    expect(notice({ jurisdiction: 'gdpr', purpose: 'marketing', language }).language).toBe(given);
  });

  test('where the law asks for one at collection names the category (CR-19)', () => {
    for (const jurisdiction of JURISDICTION_NAMES.filter((name) => rulesOf(name).noticeAtCollection)) {
      expect(notice({ jurisdiction, purpose: 'biometric_capture' }).body).toContain('Category collected: biometric');
    }
  });

  test('where the law asks for a signature says that the name is one (CR-04)', () => {
    for (const jurisdiction of LAWS) {
      const says = notice({ jurisdiction, purpose: 'biometric_capture' }).body.includes('electronic signature');
      expect(says, jurisdiction).toBe(RULES[jurisdiction].signature);
    }
  });
});

describe('the retention policy (CR-05)', () => {
  test.each(['en', 'de'])('names operator and terms in %s', (language) => {
    const { body, sha256 } = policies.inForce(new Date(), language);
    expect(body).toContain(operator.name);
    expect(body).toMatch(/36 (months|Monate)/);
    expect(body).toMatch(/12 (months|Monate)/);
    expect(sha256).toBe(createHash('sha256').update(body).digest('hex'));
  });

  test('is none before the first is in force, and says from when there is one', () => {
    expect(() => policies.inForce(new Date('2024-12-31T23:59:59Z'), 'en')).toThrow(
      expect.objectContaining({ metadata: { in_force_time: '2025-01-01T00:00:00.000Z' } }),
    );
  });
});

describe('a text file', () => {
  const head = z.strictObject({ version: z.iso.date() });
  test('is front matter and a body', () => {
    const { head: fields, body } = parseVersionedText('---\nversion: 2026-01-31\n---\n\n# A\n\nb\n', 'x.md', head);
    expect({ fields, body }).toEqual({ fields: { version: '2026-01-31' }, body: '# A\n\nb\n' });
  });

  test.each([
    ['no front matter', '# A\n'],
    ['no body', '---\nversion: 2026-01-31\n---\n\n'],
    ['a version that is no date', '---\nversion: 7\n---\nA\n'],
    ['an unknown field', '---\nversion: 2026-01-31\nauthor: x\n---\nA\n'],
    ['a line that is no field', '---\nversion: 2026-01-31\nwhatever\n---\nA\n'],
  ])('with %s is refused, by name', (_, text) => {
    expect(() => parseVersionedText(text, 'x.md', head)).toThrow(/x\.md/);
  });

  test('with a gap that nothing fills is refused', () => {
    expect(() => fill('{{operator}} {{address}}', { operator: 'A' })).toThrow(/address/);
  });
});
