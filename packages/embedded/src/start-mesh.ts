import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environmentWith } from './config.ts';
import type { ProcessState } from './keep-running.ts';
import { boundLog, logPath, openLog } from './log-file.ts';
import { type Mesh, requireMesh } from './mesh.ts';
import { type ReplicaCounts, SERVICES, type ServiceName } from './services.ts';

const SUPERVISOR = fileURLToPath(new URL('supervisor-main.ts', import.meta.url));

/** How far one process of a starting mesh is. */
export interface MeshProgress {
  readonly name: string;
  readonly state: 'starting' | 'ready' | 'failed';
  readonly detail?: string;
}

export interface MeshOptions {
  /** Folder of data, logs and secrets; made when it is missing. */
  readonly home: string;
  /** The default ports, the same pattern from another first port on, or ports that are free now. */
  readonly ports: 'default' | 'free' | number;
  /** On top of this process's environment; IRISVUE_POSTGRES_URL and the like give a server instead of an own one. */
  readonly env?: Readonly<Record<string, string>>;
  /** Which services; the default is all of them. */
  readonly services?: readonly ServiceName[];
  /** Services that run more than once, as "jobs-2" … beside "jobs". */
  readonly replicas?: ReplicaCounts;
  /** true: the mesh outlives this process. The default is false: it ends with it, however that ends. */
  readonly detached?: boolean;
  readonly onProgress?: (line: MeshProgress) => void;
  /** Stops a start that is under way. */
  readonly signal?: AbortSignal;
}

/** What the supervisor is told when it is started. */
export type StartRequest = Required<Pick<MeshOptions, 'home' | 'ports' | 'services' | 'replicas' | 'detached'>>;

/** What the supervisor says while it starts a mesh. */
export type StartLine =
  | { readonly kind: 'process'; readonly name: string; readonly state: ProcessState }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly message: string };

/**
 * Starts a mesh in a supervisor process of its own and resolves when everything is ready. Rejects, with everything
 * stopped, when a port is taken, when something does not come up, or when a mesh runs in this home already. Disposing
 * of the mesh stops it, unless it is detached.
 */
export async function startMesh(o: MeshOptions): Promise<Mesh> {
  o.signal?.throwIfAborted();
  const request: StartRequest = {
    home: resolve(o.home),
    ports: o.ports,
    services: o.services ?? SERVICES,
    replicas: o.replicas ?? {},
    detached: o.detached ?? false,
  };
  await mkdir(join(request.home, 'logs'), { recursive: true });
  const supervisor = await spawnSupervisor(request, o.env ?? {});
  const abort = (): void => void supervisor.kill('SIGTERM');
  o.signal?.addEventListener('abort', abort, { once: true });
  try {
    await untilStarted(supervisor, o);
  } finally {
    o.signal?.removeEventListener('abort', abort);
    supervisor.removeAllListeners('message');
  }
  supervisor.unref();
  if (request.detached) supervisor.disconnect();
  else supervisor.channel?.unref(); // it holds the mesh, and must not hold us
  return await requireMesh(request.home, { stopOnDispose: !request.detached });
}

/** In a session of its own: Ctrl-C is for who started it, who then stops the mesh in order. */
async function spawnSupervisor(request: StartRequest, env: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const path = logPath(request.home, 'supervisor');
  await boundLog(path);
  const log = openLog(path);
  try {
    return spawn(process.execPath, [SUPERVISOR, JSON.stringify(request)], {
      env: environmentWith(env),
      stdio: ['ignore', log, log, 'ipc'],
      detached: true,
    });
  } finally {
    closeSync(log);
  }
}

async function untilStarted(supervisor: ChildProcess, { onProgress, signal, home }: MeshOptions): Promise<void> {
  let failure: string | undefined;
  await new Promise<void>((resolve, reject) => {
    supervisor.on('message', (line: StartLine) => {
      switch (line.kind) {
        case 'process':
          onProgress?.(progressOf(line.name, line.state));
          return;
        case 'failed':
          failure = line.message;
          return;
        case 'ready':
          resolve();
          return;
        default:
          line satisfies never;
      }
    });
    supervisor.once('error', reject);
    supervisor.once('exit', (code, killedBy) => {
      if (signal?.aborted) reject(signal.reason);
      else
        reject(
          new Error(failure ?? `the supervisor ended with ${code ?? killedBy}; see ${logPath(home, 'supervisor')}`),
        );
    });
  });
}

function progressOf(name: string, state: ProcessState): MeshProgress {
  switch (state) {
    case 'ready':
      return { name, state };
    case 'failed':
      return { name, state, detail: 'see its log' };
    case 'restarting':
      return { name, state: 'starting', detail: 'it ended, and is started again' };
    case 'starting':
    case 'stopped':
      return { name, state: 'starting' };
    default:
      return state satisfies never;
  }
}
