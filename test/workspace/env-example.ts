import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { renderEnvExample, type Settings } from '@irisvue/runtime';

const root = resolve(import.meta.dirname, '../..');

/** Services in the order in which the file lists them. */
const services = ['gateway', 'identity', 'consent', 'jobs', 'segmentation', 'enhancement', 'fusion'] as const;

/** Path of the generated file. */
export const envExamplePath = resolve(root, '.env.example');

/** The text of `.env.example`: every setting of every service with its default, shared ones once. */
export async function envExample(): Promise<string> {
  const seen = new Set<string>();
  const parts = [
    '# Every setting, with its default. A line without # is required outside the embedded mesh,',
    '# which makes secrets and addresses by itself. Written by: node test/workspace/env-example.ts',
  ];
  for (const service of services) {
    const room: Record<string, unknown> = await import(
      pathToFileURL(resolve(root, `services/${service}/src/settings.ts`)).href
    );
    const declared = Object.keys(room)
      .sort() // Node.js sorts them, vitest does not
      .map((name) => room[name])
      .filter((value): value is Settings => typeof value === 'object' && value !== null)
      .flatMap((settings) => Object.entries(settings))
      .filter(([, knob]) => !seen.has(knob.env) && seen.add(knob.env));
    if (declared.length === 0) continue;
    parts.push('', `# ---- ${service} ----`, ...renderEnvExample(Object.fromEntries(declared)));
  }
  parts.push('', ...(await composeVariables(seen)));
  return `${parts.join('\n')}\n`;
}

/** What docker-compose*.yml can be told beside settings of services; secrets have no default there. */
async function composeVariables(settings: ReadonlySet<string>): Promise<string[]> {
  const read = (name: string) => readFile(resolve(root, name), 'utf8');
  const text = (await Promise.all(['docker-compose.yml', 'docker-compose.gpu.yml'].map(read))).join('');
  const defaults = new Map(
    [...text.matchAll(/\$\{(IRISVUE_\w+):-([^}]*)\}/g)].map(([, name, value]) => [name!, value!]),
  );
  return [
    '# ---- docker-compose.yml and what lies on top of it ----',
    '# Images, and the addresses that are open on this machine. ./irisvue up --docker makes the secrets.',
    ...[...defaults].filter(([name]) => !settings.has(name)).map(([name, value]) => `# ${name}=${value}`),
  ];
}

if (process.argv[1] === import.meta.filename) {
  const text = await envExample();
  const before = await readFile(envExamplePath, 'utf8').catch(() => '');
  if (text !== before) await writeFile(envExamplePath, text);
  console.log(text === before ? '.env.example is up to date' : '.env.example written');
}
