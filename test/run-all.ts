import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { checks } from './checks.ts';
import { runUnittest } from './run-unittest.ts';
import { type Outcome, runVitest } from './run-vitest.ts';

const usage = `Usage: ./irisvue test [PHASE] [FILTER...]

  all            the default: checks, unit, integration, e2e, training
  checks         format, lint, types, contracts and generated code
  unit           pure functions, no server
  integration    one room against real PostgreSQL, NATS, Redis, S3
  e2e            the whole mesh as processes, one round of kills included
  training       how the networks are taught: some hundred steps from the seed
  chaos          ten rounds of kills (IRISVUE_CHAOS_ROUNDS), twenty of them during erasures
  containers     the mesh of docker-compose.yml: each container killed, all restarted under 50 jobs; needs a Docker engine
  scenes         erasure and withdrawal at full size (IRISVUE_SCENE=full): 50 photos, 20 works; 110 jobs

  --containers   integration: PostgreSQL, NATS, Redis and S3 in containers (IRISVUE_TEST_SERVERS=containers)

FILTER is part of a test file's path. The last line is: N passed, N failed, N skipped.
`;

/** One part of a run: checks count as one test each. */
interface Phase {
  readonly title: string;
  readonly run: () => Promise<Outcome>;
}

const trainingPhase: Phase = { title: 'training tests', run: () => runUnittest(process.env.IRISVUE_PYTHON) };

const vitestPhases = (project: string, filters: readonly string[]): Phase => ({
  title: `${project} tests`,
  run: () => runVitest(['--project', project, ...filters]),
});

function phases(name: string, filters: readonly string[]): Phase[] {
  switch (name) {
    case 'all':
      return [
        ...checkPhases(),
        ...['unit', 'integration', 'e2e'].map((project) => vitestPhases(project, filters)),
        ...(filters.length === 0 ? [trainingPhase] : []),
      ];
    case 'checks':
      return checkPhases();
    case 'unit':
    case 'integration':
    case 'e2e':
    case 'containers':
      return [vitestPhases(name, filters)];
    case 'training':
      return [trainingPhase];
    case 'chaos':
      return [
        {
          title: 'kills',
          run: () => runVitest(['--project', 'e2e', 'test/chaos'], { IRISVUE_CHAOS_ROUNDS: '10', ...process.env }),
        },
      ];
    case 'scenes':
      return [
        {
          title: 'scenes',
          run: () => runVitest(['--project', 'e2e', 'scene.test'], { IRISVUE_SCENE: 'full', ...process.env }),
        },
      ];
    default:
      process.stderr.write(`there is no phase "${name}"\n\n${usage}`);
      process.exit(2);
  }
}

function checkPhases(): Phase[] {
  return checks.map((check) => ({
    title: check.title,
    async run() {
      const command = await check.command();
      if (command === undefined) {
        console.log(check.whySkipped);
        return { passed: 0, failed: 0, skipped: 1 };
      }
      const [program, ...args] = command;
      const child = spawn(program!, args, { stdio: ['ignore', 'inherit', 'inherit'] });
      const code = await new Promise<number>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (exitCode) => resolve(exitCode ?? 1));
      });
      return code === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
    },
  }));
}

const { values, positionals } = parseArgs({
  options: { help: { type: 'boolean', short: 'h' }, containers: { type: 'boolean' } },
  allowPositionals: true,
});
if (values.help) {
  process.stdout.write(usage);
  process.exit();
}

if (values.containers) process.env.IRISVUE_TEST_SERVERS = 'containers';
const [name = 'all', ...filters] = positionals;
const all = phases(name, filters);
const sum = { passed: 0, failed: 0, skipped: 0 };
const failedTitles: string[] = [];
for (const [i, phase] of all.entries()) {
  console.log(`\n=== [${i + 1}/${all.length}] ${phase.title}`);
  const began = performance.now();
  const outcome = await phase.run();
  sum.passed += outcome.passed;
  sum.failed += outcome.failed;
  sum.skipped += outcome.skipped;
  if (outcome.failed > 0) failedTitles.push(phase.title);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`=== ${phase.title}: ${counts(outcome)} (${seconds} s)`);
}
if (failedTitles.length > 0) console.log(`\nFailed: ${failedTitles.join(', ')}`);
console.log(`\n${counts(sum)}`);
process.exitCode = sum.failed > 0 ? 1 : 0;

function counts({ passed, failed, skipped }: Outcome): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
