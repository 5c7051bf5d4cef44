import { mkdir } from 'node:fs/promises';
import { environmentWith } from './config.ts';
import { spawnOnLifeline } from './lifeline.ts';
import { findProgram } from './program.ts';
import { greets, type ServerSpec, untilReady } from './server-spec.ts';

const HOST = '127.0.0.1';
const STOP_SECONDS = 5;

/** NATS with JetStream, its streams in `dir`. What it acknowledged survives its death; not a power cut (ADR 0009). */
export function natsServer(o: {
  readonly dir: string;
  readonly port: number;
  readonly env?: NodeJS.ProcessEnv;
}): ServerSpec {
  return {
    name: 'nats',
    url: `nats://${HOST}:${o.port}`,
    stopSignal: 'SIGTERM',
    stopLimitMs: STOP_SECONDS * 1000,
    async spawn(log) {
      const env = o.env ?? environmentWith({});
      await mkdir(o.dir, { recursive: true });
      const program = findProgram('nats-server', env['PATH'] ?? '');
      const args = ['--addr', HOST, '--port', String(o.port), '--jetstream', '--store_dir', o.dir];
      return spawnOnLifeline({ program, args, cwd: o.dir, stopSignal: 'TERM', stopSeconds: STOP_SECONDS }, env, log);
    },
    ready: (signal) => untilReady(() => greets(HOST, o.port, '', 'INFO '), signal),
  };
}
