import { reloadModels } from '@irisvue/embedded';
import { listModels, modelInUse } from '@irisvue/vision';
import { openBar } from '../bar.ts';
import type { RunContext } from '../main.ts';
import type { CliSettings } from '../settings.ts';
import { chooseModel } from './choose-model.ts';
import { formatBytes } from './format-bytes.ts';
import { findEntry, readRegistry } from './model-registry.ts';
import { pullModel } from './pull-model.ts';
import { reportModels } from './shelf-report.ts';
import { verifyModels } from './verify-models.ts';

/** Options of `models pull`. */
export interface RegistryFlags {
  readonly registry?: string;
  readonly allowHttp?: boolean;
}

/** `irisvue models list` */
export async function list({ modelsDir }: CliSettings, json: boolean): Promise<void> {
  const models = await reportModels(modelsDir);
  if (json) {
    console.log(JSON.stringify({ models }, null, 2));
    return;
  }
  const rows = models.map(({ name, version, from, inUse, chosen, sizeBytes, licence }) => [
    ...[name, version, from, inUse ? (chosen ? 'chosen' : 'newest') : ''],
    ...[sizeBytes === undefined ? '?' : formatBytes(sizeBytes), licence ?? '?'],
  ]);
  printTable([['MODEL', 'VERSION', 'FROM', 'IN USE', 'SIZE', 'LICENCE'], ...rows]);
  for (const { problem } of models) if (problem) console.error(`  ✗ ${problem}`);
}

/** `irisvue models verify` */
export async function verify({ modelsDir }: CliSettings, wanted: string | undefined): Promise<void> {
  const { name, version } = wanted === undefined ? {} : splitModel(wanted);
  const models = (await listModels(modelsDir)).filter(
    (model) => (name === undefined || model.name === name) && (version === undefined || model.version === version),
  );
  if (models.length === 0) throw new Error(wanted ? `there is no ${wanted} here` : `there is no model in ${modelsDir}`);
  for await (const { name: verified, version: its, networks, problem } of verifyModels(models)) {
    console.log(problem ? `  ✗ ${verified} ${its}: ${problem}` : `  ✓ ${verified} ${its}: ${networks.join(', ')}`);
    if (problem) process.exitCode = 1;
  }
  // A choice of something that is not there stops the services as well.
  for (const one of new Set(models.map((model) => model.name))) await modelInUse(modelsDir, one);
}

/** `irisvue models pull` */
export async function pull({ settings, signal }: RunContext, wanted: string, flags: RegistryFlags): Promise<void> {
  const { name, version } = splitModel(wanted);
  const allowHttp = flags.allowHttp ?? false;
  const place = flags.registry ?? settings.modelRegistry;
  const registry = await readRegistry(place, { allowHttp, allowFiles: true }, signal);
  const entry = findEntry(registry, name, version);
  const label = `${entry.name} ${entry.version}`;
  const before = (await modelInUse(settings.modelsDir, name))?.version;
  const bar = openBar(label, (received, total) => `${formatBytes(received)} of ${formatBytes(total)}`);
  const { modelsDir } = settings;
  const { folder, fetched } = await pullModel(entry, registry, {
    ...{ modelsDir, allowHttp, signal },
    onProgress: bar.show,
  }).finally(bar.stop);
  console.log(`${label} (${entry.licence}) is ${fetched ? '' : 'there already: '}in ${folder}`);
  const after = (await modelInUse(settings.modelsDir, name))?.version;
  if (after !== entry.version) console.log(`In use is ${after}; \`irisvue models use ${name} ${entry.version}\``);
  else if (after !== before) await announce(settings, name, entry.version);
}

/** `irisvue models use` */
export async function use(settings: CliSettings, name: string, version: string | undefined): Promise<void> {
  const taken = await chooseModel(settings.modelsDir, name, version);
  await announce(settings, name, taken);
}

async function announce({ home }: CliSettings, name: string, version: string): Promise<void> {
  console.log(`${name} ${version} is in use now.`);
  const told = await reloadModels(home);
  if (told.length > 0) console.log(`The mesh takes it up, each slot after the photo it is at: ${told.join(', ')}`);
}

function splitModel(text: string): { readonly name: string; readonly version?: string } {
  const [name, version, more] = text.split('@');
  if (!name || version === '' || more !== undefined) throw new Error(`${text} is not NAME or NAME@VERSION`);
  return { name, ...(version !== undefined && { version }) };
}

function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
}
