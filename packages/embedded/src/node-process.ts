import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { type ServerSpec, untilReady } from './server-spec.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const ASK_LIMIT_MS = 3000;
// Longer than a service takes for its own orderly stop, which ends calls that are open.
const STOP_LIMIT_MS = 35_000;

/**
 * A process of ours: `main` (from the root of the project) run by this Node. It has an IPC channel to us that carries
 * nothing: when we are gone the channel closes, and the process stops.
 */
export function nodeProcess(o: {
  readonly name: string;
  readonly main: string;
  readonly url: string;
  readonly env: NodeJS.ProcessEnv;
}): ServerSpec {
  return {
    name: o.name,
    url: o.url,
    stopSignal: 'SIGTERM',
    stopLimitMs: STOP_LIMIT_MS,
    async spawn(log) {
      return spawn(process.execPath, [o.main], { cwd: ROOT, env: o.env, stdio: ['ignore', log, log, 'ipc'] });
    },
    ready: (signal) =>
      untilReady(async () => {
        const answer = await fetch(`${o.url}/readyz`, {
          signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_LIMIT_MS)]),
        });
        await answer.arrayBuffer();
        return answer.ok;
      }, signal),
  };
}
