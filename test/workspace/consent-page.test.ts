import { access, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { consentPage, consentPagePath, ruleTests } from './consent-page.ts';
import { CONSENT_RULES } from './consent-rules.ts';

const root = resolve(import.meta.dirname, '../..');

test('docs/consent.md says what the rules and their tests say (write it with: node test/workspace/consent-page.ts)', async () => {
  expect(await readFile(consentPagePath, 'utf8')).toBe(await consentPage());
});

test('every rule from CR-01 to CR-20 has a test, and every test a rule', async () => {
  const ids = CONSENT_RULES.map(({ id }) => id);
  expect(ids).toEqual(Array.from({ length: 20 }, (_, at) => `CR-${String(at + 1).padStart(2, '0')}`));
  expect([...new Set((await ruleTests()).map(({ rule }) => rule))].toSorted()).toEqual(ids);
});

test('what is said to hold a rule is there', async () => {
  for (const { enforcedIn } of CONSENT_RULES) {
    expect(enforcedIn.length).toBeGreaterThan(0);
    for (const file of enforcedIn) await access(join(root, file));
  }
});

test('every test file of a rule is run', async () => {
  const run = await readFile(join(root, 'test/e2e/rules/rules.test.ts'), 'utf8');
  for (const { file } of await ruleTests()) expect(run).toContain(`import './${file.split('/').at(-1)}';`);
});
