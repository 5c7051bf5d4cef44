import { closeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { logTail, openLog } from './log-file.ts';
import type { ServerSpec } from './server-spec.ts';

const READY_LIMIT_MS = 30_000;

/** A server that this process started; it ends with it, and is not started again when it dies. */
export interface RunningServer extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** Ends it at once, as a crash would (SIGKILL); resolves when it is gone. */
  kill(): Promise<void>;
  /** Stops it in order; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Starts one server and resolves when it can be used. Rejects with the end of its log when it does not come up. */
export async function runServer(spec: ServerSpec, logFile: string): Promise<RunningServer> {
  await mkdir(dirname(logFile), { recursive: true });
  const log = openLog(logFile);
  const child = await spec.spawn(log).finally(() => closeSync(log));
  const ended = new AbortController();
  const exited = new Promise<void>((resolve) => {
    for (const event of ['exit', 'error'] as const)
      child.once(event, () => {
        ended.abort(new Error(`${spec.name} ended`));
        resolve();
      });
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  try {
    await spec.ready(AbortSignal.any([ended.signal, AbortSignal.timeout(READY_LIMIT_MS)]));
  } catch (error) {
    await end('SIGKILL');
    throw new Error(`${spec.name} does not start: ${await logTail(logFile)}`, { cause: error });
  }
  return {
    url: spec.url,
    pid: child.pid!,
    kill: () => end('SIGKILL'),
    stop: () => end(spec.stopSignal),
    [Symbol.asyncDispose]: () => end(spec.stopSignal),
  };
}
