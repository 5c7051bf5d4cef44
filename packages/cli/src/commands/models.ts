import { reloadModels } from '@irisvue/embedded';
import { listModels, modelInUse, openModelFolder } from '@irisvue/vision';
import type { Command } from 'commander';
import type { RunContext } from '../main.ts';
import { chooseModel } from '../models/choose-model.ts';
import { formatBytes } from '../models/format-bytes.ts';
import { findEntry, readRegistry } from '../models/model-registry.ts';
import { openPullBar } from '../models/pull-bar.ts';
import { pullModel } from '../models/pull-model.ts';
import { reportModels } from '../models/shelf-report.ts';
import type { CliSettings } from '../settings.ts';

interface RegistryFlags {
  readonly registry?: string;
  readonly allowHttp?: boolean;
}

/** Registers models list, verify, pull and use. */
export function modelsCommand(program: Command, run: RunContext): void {
  const models = program
    .command('models')
    .summary('list, check, fetch and choose the networks that see the eyes')
    .description(
      'Models that come with IrisVue lie in models/, pulled ones in IRISVUE_HOME/models. The newest version of each is\n' +
        'used unless another one is chosen. A mesh that runs here takes a change up without losing a job.',
    );
  models
    .command('list')
    .summary('show the models on this machine')
    .option('--json', 'as JSON')
    .action(({ json }: { json?: boolean }) => list(run.settings, json ?? false));
  models
    .command('verify')
    .summary('check the SHA-256 of every file and load every network')
    .description('Exit code 1 when a model cannot be used.')
    .argument('[model]', 'NAME or NAME@VERSION; without it, all')
    .action((model?: string) => verify(run.settings, model));
  models
    .command('pull')
    .summary('fetch a model of the registry')
    .description('Fetches a model, checks size and SHA-256 of each file, loads it, and only then puts it in its place.')
    .argument('<model>', 'NAME, for the newest version, or NAME@VERSION')
    .option('--registry <file>', 'file or URL of another registry (or IRISVUE_MODEL_REGISTRY); see models/README.md')
    .option('--allow-http', 'fetch over plain http also from other machines')
    .action((model: string, flags: RegistryFlags) => pull(run, model, flags));
  models
    .command('use')
    .summary('choose the version of a model')
    .argument('<name>')
    .argument('[version]')
    .option('--newest', 'the newest version, now and later')
    .action((name: string, version: string | undefined, { newest }: { newest?: boolean }) => {
      if ((version === undefined) === !newest) throw new Error('name a version, or --newest');
      return use(run.settings, name, version);
    });
}

async function list({ modelsDir }: CliSettings, json: boolean): Promise<void> {
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

async function verify({ modelsDir }: CliSettings, wanted: string | undefined): Promise<void> {
  const { name, version } = wanted === undefined ? {} : splitModel(wanted);
  const models = (await listModels(modelsDir)).filter(
    (model) => (name === undefined || model.name === name) && (version === undefined || model.version === version),
  );
  if (models.length === 0) throw new Error(wanted ? `there is no ${wanted} here` : `there is no model in ${modelsDir}`);
  for (const shelved of models) {
    const label = `${shelved.name} ${shelved.version}`;
    try {
      await using model = await openModelFolder(shelved, { device: 'cpu', threads: 1 });
      console.log(`  ✓ ${label}: ${Object.keys(model.networks).join(', ')}`);
    } catch (error) {
      process.exitCode = 1;
      console.log(`  ✗ ${label}: ${(error as Error).message}`);
    }
  }
  // A choice of something that is not there stops the services as well.
  for (const one of new Set(models.map((model) => model.name))) await modelInUse(modelsDir, one);
}

async function pull({ settings, signal }: RunContext, wanted: string, flags: RegistryFlags): Promise<void> {
  const { name, version } = splitModel(wanted);
  const allowHttp = flags.allowHttp ?? false;
  const place = flags.registry ?? settings.modelRegistry;
  const registry = await readRegistry(place, { allowHttp, allowFiles: true }, signal);
  const entry = findEntry(registry, name, version);
  const label = `${entry.name} ${entry.version}`;
  const before = (await modelInUse(settings.modelsDir, name))?.version;
  const bar = openPullBar(label, process.stderr);
  try {
    const { modelsDir } = settings;
    const { folder, fetched } = await pullModel(entry, registry, {
      modelsDir,
      allowHttp,
      signal,
      onProgress: bar.show,
    });
    bar.stop();
    console.log(`${label} (${entry.licence}) is ${fetched ? '' : 'there already: '}in ${folder}`);
  } finally {
    bar.stop();
  }
  const after = (await modelInUse(settings.modelsDir, name))?.version;
  if (after !== entry.version) console.log(`In use is ${after}; \`irisvue models use ${name} ${entry.version}\``);
  else if (after !== before) await announce(settings, name, entry.version);
}

async function use(settings: CliSettings, name: string, version: string | undefined): Promise<void> {
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
