import { mkdir } from 'node:fs/promises';
import { environmentWith } from './config.ts';
import { spawnOnLifeline } from './lifeline.ts';
import { findProgram } from './program.ts';
import { greets, type ServerSpec, untilReady } from './server-spec.ts';

const HOST = '127.0.0.1';
const STOP_SECONDS = 5;
// Write a snapshot after 60 s when anything changed, and at an orderly stop: it holds only counters.
const SNAPSHOT = '60 1';

/** Redis with its snapshot in `dir`. */
export function redisServer(o: {
  readonly dir: string;
  readonly port: number;
  readonly env?: NodeJS.ProcessEnv;
}): ServerSpec {
  return {
    name: 'redis',
    url: `redis://${HOST}:${o.port}`,
    stopSignal: 'SIGTERM',
    stopLimitMs: STOP_SECONDS * 1000,
    async spawn(log) {
      const env = o.env ?? environmentWith({});
      await mkdir(o.dir, { recursive: true });
      const program = findProgram('redis-server', env['PATH'] ?? '');
      const args = ['--bind', HOST, '--port', String(o.port), '--dir', o.dir, '--save', SNAPSHOT, '--daemonize', 'no'];
      return spawnOnLifeline({ program, args, cwd: o.dir, stopSignal: 'TERM', stopSeconds: STOP_SECONDS }, env, log);
    },
    ready: (signal) => untilReady(() => greets(HOST, o.port, 'PING\r\n', '+PONG'), signal),
  };
}
