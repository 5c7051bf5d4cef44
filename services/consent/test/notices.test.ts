import { createHash } from 'node:crypto';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { JURISDICTION_NAMES, PURPOSE_NAMES } from '../src/consent-enums.ts';
import { loadNotices, type Notices, parseNotice } from '../src/notices.ts';

let notices: Notices;
beforeAll(async () => {
  notices = await loadNotices(path.join(import.meta.dirname, '../notices'));
});

const all = JURISDICTION_NAMES.flatMap((jurisdiction) => PURPOSE_NAMES.map((purpose) => ({ jurisdiction, purpose })));
const place = { jurisdiction: 'gdpr', purpose: 'marketing', language: 'en' } as const;

describe('a notice', () => {
  test.each(all)('for $purpose under $jurisdiction says what it must', ({ jurisdiction, purpose }) => {
    const { body, sha256, id } = notices.find(jurisdiction, purpose, 'en');
    expect(id).toBe(`${jurisdiction}/${purpose}/en`);
    expect(sha256).toBe(createHash('sha256').update(body).digest('hex'));
    const headings = [...body.matchAll(/^## (.*)$/gm)].map((match) => match[1]);
    expect(headings).toEqual([
      purpose === 'marketing' ? 'What is used' : 'What is collected',
      'Why',
      'For how long',
      'Who receives it',
      'How to withdraw',
      expect.any(String),
      'What you agree to',
    ]);
    expect(body.replaceAll('\n', ' ')).toContain('This is a choice of its own');
  });

  test('of the strictest kind holds every duty of the others', () => {
    for (const purpose of PURPOSE_NAMES) {
      const strictest = notices.find('strictest', purpose, 'en').body.replaceAll(/\s+/g, ' ');
      for (const jurisdiction of ['gdpr', 'ccpa', ...(purpose === 'marketing' ? [] : (['bipa'] as const))] as const) {
        const rights = notices.find(jurisdiction, purpose, 'en').body.split('## ')[6]!.split('\n- ').slice(1);
        expect(rights.length).toBeGreaterThan(2);
        for (const right of rights) expect(strictest).toContain(right.trim().replaceAll(/\s+/g, ' '));
      }
    }
  });

  test('is a text of its own under each jurisdiction', () => {
    expect(new Set(notices.all.map((notice) => notice.sha256)).size).toBe(notices.all.length);
  });

  test.each([
    ['', 'en'],
    ['en-GB', 'en'],
    ['tlh', 'en'],
    ['../../secret', 'en'],
  ])('in the language "%s" falls back to %s', (asked, given) => {
    expect(notices.find('gdpr', 'marketing', asked).language).toBe(given);
  });
});

describe('a notice file', () => {
  test('is front matter and a body, and the hash is of the body alone', () => {
    const notice = parseNotice('---\nid: gdpr/marketing/en\nversion: 2026-01-31\n---\n\n# A\n\nb\n', place);
    expect(notice).toEqual({
      ...place,
      id: 'gdpr/marketing/en',
      version: '2026-01-31',
      body: '# A\n\nb\n',
      sha256: createHash('sha256').update('# A\n\nb\n').digest('hex'),
    });
  });

  test.each([
    ['no front matter', '# A\n'],
    ['no body', '---\nid: gdpr/marketing/en\nversion: 2026-01-31\n---\n\n'],
    ['the id of another file', '---\nid: gdpr/marketing/de\nversion: 2026-01-31\n---\nA\n'],
    ['a version that is no date', '---\nid: gdpr/marketing/en\nversion: 7\n---\nA\n'],
    ['an unknown field', '---\nid: gdpr/marketing/en\nversion: 2026-01-31\nauthor: x\n---\nA\n'],
  ])('with %s is refused', (_, text) => {
    expect(() => parseNotice(text, place)).toThrow();
  });
});
