import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { boundLog, logTail, openLog } from './log-file.ts';
import { identify, type ProcessIdentity } from './process-identity.ts';
import type { ServerSpec } from './server-spec.ts';

/** What a process is doing. `failed`: it never came up, and nobody tries any more. */
export type ProcessState = 'starting' | 'ready' | 'restarting' | 'failed' | 'stopped';

/** One process that is started again whenever it dies, until it is stopped. */
export interface KeptProcess {
  readonly name: string;
  readonly url: string;
  readonly state: ProcessState;
  readonly identity: ProcessIdentity | undefined;
  /** How often it was started again. */
  readonly restarts: number;
  /** Resolves when it is ready for the first time. Rejects, with the end of its log, when it does not come up. */
  readonly firstReady: Promise<void>;
  stop(): Promise<void>;
}

// For the first start; later a process may wait for another one that is down for as long as that takes.
const READY_LIMIT_MS = 60_000;
const FIRST_START_TRIES = 3;
const BACKOFF_MS = { first: 100, longest: 5_000 };
// Who ran this long had started well: the next death begins with the shortest delay again.
const RAN_WELL_MS = 10_000;
// Exit code of a service that cannot read its settings: another try gives the same.
const EXIT_SETTINGS = 2;

/** Starts a process and keeps it running. `onChange` is called after each change of state. */
export function keepRunning(
  spec: ServerSpec,
  o: { readonly log: string; onChange(kept: KeptProcess): void },
): KeptProcess {
  const stopping = new AbortController();
  const firstReady = Promise.withResolvers<void>();
  let child: ChildProcess | undefined;
  let exited: Promise<number | undefined> = Promise.resolve(undefined);
  let wasReady = false;
  let hung = false;
  const kept = {
    name: spec.name,
    url: spec.url,
    state: 'starting' as ProcessState,
    identity: undefined as ProcessIdentity | undefined,
    restarts: 0,
    firstReady: firstReady.promise,
    stop,
  };
  firstReady.promise.catch(() => {}); // whoever waits for it hears of it
  const enter = (state: ProcessState): void => {
    kept.state = state;
    o.onChange(kept);
  };

  /** One life of the process. Resolves with its exit code when it has ended. */
  async function live(): Promise<number | undefined> {
    await boundLog(o.log);
    const log = openLog(o.log);
    try {
      child = await spec.spawn(log);
    } finally {
      closeSync(log);
    }
    exited = exitOf(child);
    kept.identity = child.pid === undefined ? undefined : await identify(child.pid);
    o.onChange(kept);
    if (stopping.signal.aborted) child.kill(spec.stopSignal); // stopped while it was being started
    const ended = new AbortController();
    void exited.then(() => ended.abort());
    const limit = wasReady ? [] : [AbortSignal.timeout(READY_LIMIT_MS)];
    const isReady = await spec.ready(AbortSignal.any([ended.signal, stopping.signal, ...limit])).then(
      () => true,
      () => false,
    );
    if (isReady && !stopping.signal.aborted) {
      wasReady = true;
      enter('ready');
      firstReady.resolve();
    } else if (!ended.signal.aborted && !stopping.signal.aborted) {
      hung = true;
      child.kill('SIGKILL');
    }
    const code = await exited;
    kept.identity = undefined;
    return code;
  }

  async function run(): Promise<void> {
    let deaths = 0;
    while (!stopping.signal.aborted) {
      const startedAt = performance.now();
      let reason: string | undefined;
      const code = await live().catch((error: unknown) => {
        reason = error instanceof Error ? error.message : String(error);
        return undefined;
      });
      if (stopping.signal.aborted) break;
      deaths = performance.now() - startedAt > RAN_WELL_MS ? 1 : deaths + 1;
      if (!wasReady && (hung || deaths >= FIRST_START_TRIES || code === EXIT_SETTINGS)) {
        enter('failed');
        firstReady.reject(new Error(`${spec.name} does not start: ${reason ?? (await logTail(o.log))}`));
        return;
      }
      kept.restarts += 1;
      enter('restarting');
      const delayMs = Math.min(BACKOFF_MS.first * 2 ** (deaths - 1), BACKOFF_MS.longest);
      await wait(delayMs, undefined, { signal: stopping.signal }).catch(() => {}); // stopped while waiting
    }
    enter('stopped');
  }
  const running = run();

  async function stop(): Promise<void> {
    stopping.abort(new Error('stopped'));
    firstReady.reject(new Error(`${spec.name} was stopped`));
    child?.kill(spec.stopSignal);
    const late = setTimeout(() => child?.kill('SIGKILL'), spec.stopLimitMs);
    await running;
    clearTimeout(late);
  }
  return kept;
}

async function exitOf(child: ChildProcess): Promise<number | undefined> {
  return await new Promise((resolve) => {
    child.once('exit', (code) => resolve(code ?? undefined));
    child.once('error', () => resolve(undefined)); // it could not be started, or not be signalled
  });
}
