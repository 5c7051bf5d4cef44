import { glob, readFile, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { LAWS, RULES, type Rules, rulesOf } from '../../services/consent/src/jurisdiction-rules.ts';
import { CONSENT_RULES, type ConsentRule } from './consent-rules.ts';

const root = resolve(import.meta.dirname, '../..');
const TESTS = 'test/e2e/rules';
const POLICIES = 'services/consent/retention';

/** Path of the generated page. */
export const consentPagePath = join(root, 'docs/consent.md');

/** A test of a rule. */
export interface RuleTest {
  readonly rule: string;
  /** Its name, without the rule's id. */
  readonly title: string;
  /** From the root. */
  readonly file: string;
}

/** The tests of the rules, as their files name them. */
export async function ruleTests(): Promise<RuleTest[]> {
  const files = (await Array.fromAsync(glob('cr-*.ts', { cwd: join(root, TESTS) }))).sort();
  const read = files.map(async (name) => {
    const text = await readFile(join(root, TESTS, name), 'utf8');
    const found = text.matchAll(/'(CR-\d\d): ((?:[^'\\]|\\.)+)'/g);
    return [...found].map(([, rule, title]) => ({ rule: rule!, title: title!, file: `${TESTS}/${name}` }));
  });
  return (await Promise.all(read)).flat();
}

/** The text of docs/consent.md: the rules, what each law asks for, and the retention policies. */
export async function consentPage(): Promise<string> {
  const tests = await ruleTests();
  return [
    '# Consent and privacy: what holds, where, and what proves it',
    '',
    'Written by `node test/workspace/consent-page.ts` from the rules, the laws and the tests themselves. None of it is',
    'legal advice. Whether a photo of an iris is "biometric" in law is unsettled, so it is treated as biometric everywhere.',
    'Each test has the id of its rule in its name and asks a running mesh from the outside:',
    '`./irisvue test e2e rules`, or one rule: `vitest run --project e2e test/e2e/rules -t CR-07`.',
    '',
    '## Rules',
    ...CONSENT_RULES.flatMap((rule) => sectionOf(rule, tests)),
    '',
    '## What each law asks for',
    '',
    'One row of `services/consent/src/jurisdiction-rules.ts` each; the strictest is computed from them and holds where no',
    'residence is declared.',
    '',
    ...table(
      ['residence', 'law', 'signature', 'special category', 'notice at collection', 'gone at the latest'],
      [...LAWS.map((name) => rowOf(name, RULES[name])), rowOf('not declared', rulesOf('strictest'))],
    ),
    '',
    '## Retention policies',
    '',
    'The own schedule, in force for everybody beside the law. Each version is public: `irisvue consent policy`.',
    '',
    ...table(['version', 'in force since', 'gone at the latest', 'languages'], await policyRows()),
    '',
  ].join('\n');
}

function sectionOf(rule: ConsentRule, tests: readonly RuleTest[]): string[] {
  const proofs = tests.filter((test) => test.rule === rule.id);
  const link = (file: string) => `[${basename(file)}](${relative('docs', file)})`;
  return [
    '',
    `### ${rule.id} · ${rule.title}`,
    '',
    rule.requirement,
    '',
    `- **Basis**: ${rule.basis}`,
    `- **Held by**: ${rule.enforcedIn.map(link).join(', ')}`,
    `- **Proved by** ${[...new Set(proofs.map(({ file }) => link(file)))].join(', ')}:`,
    ...proofs.map(({ title }) => `  - ${title}`),
  ];
}

function rowOf(name: string, { law, signature, specialCategory, noticeAtCollection, term }: Rules): string[] {
  const limits = [
    term.monthsAfterInteraction && `${term.monthsAfterInteraction} months after the last interaction`,
    term.monthsAfterPurpose && `${term.monthsAfterPurpose} months after the purpose ended`,
  ].filter(Boolean);
  const yes = (is: boolean) => (is ? 'yes' : '–');
  return [name, law, yes(signature), yes(specialCategory), yes(noticeAtCollection), limits.join('; ') || '–'];
}

async function policyRows(): Promise<string[][]> {
  const files = (await Array.fromAsync(glob('*/*.md', { cwd: join(root, POLICIES) }))).sort();
  const versions = Map.groupBy(files, (file) => file.split('/')[0]!);
  return await Promise.all(
    [...versions].map(async ([version, texts]) => {
      const text = await readFile(join(root, POLICIES, version, 'en.md'), 'utf8');
      const fact = (name: string) => new RegExp(`^${name}: (.+)$`, 'm').exec(text)?.[1] ?? '';
      const languages = texts.map((file) => basename(file, '.md')).join(', ');
      return [
        version,
        fact('in_force'),
        `${fact('months_after_interaction')} months after the last interaction`,
        languages,
      ];
    }),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

if (process.argv[1] === import.meta.filename) {
  const text = await consentPage();
  const before = await readFile(consentPagePath, 'utf8').catch(() => '');
  if (text !== before) await writeFile(consentPagePath, text);
  console.log(text === before ? 'docs/consent.md is up to date' : 'docs/consent.md written');
}
