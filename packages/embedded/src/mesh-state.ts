import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessState } from './keep-running.ts';
import { isRunning, type ProcessIdentity } from './process-identity.ts';
import type { ServerUrls } from './services.ts';
import { writeFileAtomically } from './write-file-atomically.ts';

/** What a supervisor writes to HOME/mesh.json. Only the owner may read it: it holds passwords. */
export interface MeshState {
  readonly supervisor: ProcessIdentity;
  readonly phase: 'starting' | 'ready' | 'stopping';
  /** RFC 3339, UTC. */
  readonly startTime: string;
  readonly gatewayUrl: string;
  readonly servers: ServerUrls;
  readonly processes: readonly ProcessRecord[];
}

export interface ProcessRecord {
  readonly name: string;
  readonly url: string;
  readonly state: ProcessState;
  readonly restarts: number;
  /** Not set while it does not run. */
  readonly identity?: ProcessIdentity;
}

const statePath = (home: string): string => join(home, 'mesh.json');

export async function writeMeshState(home: string, state: MeshState): Promise<void> {
  await writeFileAtomically(statePath(home), `${JSON.stringify(state, null, 2)}\n`);
}

/** What the last supervisor of this home wrote, which may be long gone. Undefined when there never was one. */
export async function readMeshState(home: string): Promise<MeshState | undefined> {
  try {
    return JSON.parse(await readFile(statePath(home), 'utf8')) as MeshState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`${statePath(home)} cannot be read; delete it when no mesh runs`, { cause: error });
  }
}

/** The state of a mesh whose supervisor runs. */
export async function readRunningMesh(home: string): Promise<MeshState | undefined> {
  const state = await readMeshState(home);
  return state && (await isRunning(state.supervisor)) ? state : undefined;
}
