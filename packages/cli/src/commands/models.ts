import type { Command } from 'commander';
import type { RunContext } from '../main.ts';
import type { RegistryFlags } from '../models/actions.ts';

// Loaded when one of its commands runs: it brings ONNX Runtime, which the other commands need not wait for.
const actions = () => import('../models/actions.ts');

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
    .action(async ({ json }: { json?: boolean }) => (await actions()).list(run.settings, json ?? false));
  models
    .command('verify')
    .summary('check the SHA-256 of every file and load every network')
    .description('Exit code 1 when a model cannot be used.')
    .argument('[model]', 'NAME or NAME@VERSION; without it, all')
    .action(async (model?: string) => (await actions()).verify(run.settings, model));
  models
    .command('pull')
    .summary('fetch a model of the registry')
    .description('Fetches a model, checks size and SHA-256 of each file, loads it, and only then puts it in its place.')
    .argument('<model>', 'NAME, for the newest version, or NAME@VERSION')
    .option('--registry <file>', 'file or URL of another registry (or IRISVUE_MODEL_REGISTRY); see models/README.md')
    .option('--allow-http', 'fetch over plain http also from other machines')
    .action(async (model: string, flags: RegistryFlags) => (await actions()).pull(run, model, flags));
  models
    .command('use')
    .summary('choose the version of a model')
    .argument('<name>')
    .argument('[version]')
    .option('--newest', 'the newest version, now and later')
    .action(async (name: string, version: string | undefined, { newest }: { newest?: boolean }) => {
      if ((version === undefined) === !newest) throw new Error('name a version, or --newest');
      await (await actions()).use(run.settings, name, version);
    });
}
