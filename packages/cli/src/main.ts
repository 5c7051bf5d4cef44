import { Command } from 'commander';
import { accountCommand } from './commands/account.ts';
import { auditCommand } from './commands/audit.ts';
import { circleCommand } from './commands/circle.ts';
import { composeCommand } from './commands/compose.ts';
import { consentCommand } from './commands/consent.ts';
import { demoCommand } from './commands/demo.ts';
import { fuseCommand } from './commands/fuse.ts';
import { meshCommands } from './commands/mesh.ts';
import { modelsCommand } from './commands/models.ts';
import { privacyCommand } from './commands/privacy.ts';
import { processCommand } from './commands/process.ts';
import { explain } from './explain.ts';
import { type CliSettings, readCliSettings } from './settings.ts';

/** What every command gets: its settings, and a signal that Ctrl-C sets. */
export interface RunContext {
  readonly settings: CliSettings;
  readonly signal: AbortSignal;
}

const interruptedExitCode = 130;

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(new Error('interrupted')));

const program = new Command('irisvue')
  .description('Photographs of eyes become iris art.')
  .option('--gateway <url>', 'use a mesh elsewhere instead of one on this machine')
  .showHelpAfterError();

const run: RunContext = {
  signal: stop.signal,
  get settings() {
    const { gateway } = program.opts<{ gateway?: string }>();
    return { ...readCliSettings(), ...(gateway && { gatewayUrl: gateway }) };
  },
};
demoCommand(program, run);
processCommand(program, run);
fuseCommand(program, run);
composeCommand(program, run);
meshCommands(program, run);
modelsCommand(program, run);
accountCommand(program, run);
auditCommand(program, run);
privacyCommand(program, run);
circleCommand(program, run);
consentCommand(program, run);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = stop.signal.aborted ? interruptedExitCode : 1;
  console.error(stop.signal.aborted ? '\nInterrupted.' : `irisvue: ${explain(error)}`);
}
