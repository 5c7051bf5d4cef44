import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { logPath } from './log-file.ts';
import { type MeshState, type ProcessRecord, readRunningMesh } from './mesh-state.ts';
import { isRunning, signalProcess, waitUntilGone } from './process-identity.ts';
import type { ServerUrls } from './services.ts';

const POLL_MS = 100;
const ENDED_POLL_MS = 500;
const START_LIMIT_MS = 120_000;
const ANSWER_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 60_000;

/** A mesh that runs on this machine. */
export interface Mesh extends AsyncDisposable {
  readonly gatewayUrl: string;
  readonly supervisorPid: number;
  /** The backing servers, passwords included. */
  readonly servers: ServerUrls;
  /** As they are at this moment: a process that was started again has another pid. */
  readonly processes: readonly MeshProcess[];
  /** Resolves when it ended, whoever stopped it, or when the signal aborts. Until then it keeps this process alive. */
  ended(signal: AbortSignal): Promise<void>;
  /** Stops it in order; resolves when nothing of it runs. */
  stop(): Promise<void>;
}

export interface MeshProcess {
  readonly name: string;
  readonly pid: number;
  readonly url?: string;
}

/** What can be said of a home without talking to the services. */
export interface MeshStatus {
  readonly running: boolean;
  readonly phase?: MeshState['phase'];
  readonly supervisorPid?: number;
  /** RFC 3339, UTC. */
  readonly startTime?: string;
  readonly gatewayUrl?: string;
  readonly processes: readonly (Omit<ProcessRecord, 'identity'> & { readonly pid?: number })[];
}

/**
 * The mesh that runs in a home, whoever started it; one that is just starting is waited for. Undefined when there is
 * none. Throws when it runs but its gateway does not answer. Disposing of it does not stop it; stop() does.
 */
export async function findMesh(home: string): Promise<Mesh | undefined> {
  const state = await settled(resolve(home));
  if (!state) return undefined;
  const hasGateway = state.processes.some((p) => p.name === 'gateway');
  if (hasGateway && !(await answers(`${state.gatewayUrl}/healthz`)))
    throw new Error(
      `a mesh runs (supervisor pid ${state.supervisor.pid}), but its gateway does not answer; see ${logPath(home, 'gateway')}`,
    );
  return meshOf(resolve(home), state, false);
}

/** The mesh that was just started in a home. */
export async function requireMesh(home: string, o: { readonly stopOnDispose: boolean }): Promise<Mesh> {
  const state = await readRunningMesh(home);
  if (!state) throw new Error(`the mesh ended right after its start; see ${logPath(home, 'supervisor')}`);
  return meshOf(home, state, o.stopOnDispose);
}

/** What runs in a home. */
export async function meshStatus(home: string): Promise<MeshStatus> {
  const state = await readRunningMesh(resolve(home));
  if (!state) return { running: false, processes: [] };
  return {
    running: true,
    phase: state.phase,
    supervisorPid: state.supervisor.pid,
    startTime: state.startTime,
    gatewayUrl: state.gatewayUrl,
    processes: state.processes.map(({ identity, ...rest }) => ({ ...rest, pid: identity?.pid })),
  };
}

function meshOf(home: string, { supervisor, gatewayUrl, servers }: MeshState, stopOnDispose: boolean): Mesh {
  const stop = async (): Promise<void> => {
    await signalProcess(supervisor, 'SIGTERM');
    if (await waitUntilGone([supervisor], STOP_LIMIT_MS)) return;
    throw new Error(`the mesh did not stop in ${STOP_LIMIT_MS / 1000} s; see ${logPath(home, 'supervisor')}`);
  };
  return {
    gatewayUrl,
    supervisorPid: supervisor.pid,
    servers,
    get processes() {
      const { processes } = JSON.parse(readFileSync(join(home, 'mesh.json'), 'utf8')) as MeshState;
      return processes.flatMap(({ name, url, identity }) => (identity ? [{ name, url, pid: identity.pid }] : []));
    },
    async ended(signal) {
      while (!signal.aborted && (await isRunning(supervisor))) {
        await wait(ENDED_POLL_MS, undefined, { signal }).catch(() => undefined); // aborted: the condition ends it
      }
    },
    stop,
    [Symbol.asyncDispose]: async () => {
      if (stopOnDispose) await stop();
    },
  };
}

/** The state of a running mesh once it is ready. Undefined when there is none, or when it ends meanwhile. */
async function settled(home: string): Promise<MeshState | undefined> {
  const deadline = performance.now() + START_LIMIT_MS;
  for (;;) {
    const state = await readRunningMesh(home);
    if (!state || state.phase === 'ready') return state;
    if (performance.now() > deadline)
      throw new Error(`the mesh is still ${state.phase}; see ${logPath(home, 'supervisor')}`);
    await wait(POLL_MS);
  }
}

/** Whether an HTTP server answers at all, whatever it says; it may be in the middle of a restart. */
async function answers(url: string): Promise<boolean> {
  const deadline = AbortSignal.timeout(ANSWER_LIMIT_MS);
  while (!deadline.aborted) {
    try {
      await (await fetch(url, { signal: deadline })).arrayBuffer();
      return true;
    } catch {
      await wait(POLL_MS); // it does not listen yet
    }
  }
  return false;
}
