import { type Mesh, type MeshProcess, meshStatus, type ReplicaCounts, startMesh } from '@irisvue/embedded';
import { temporaryFolder } from './temporary-folder.ts';
import { until } from './until.ts';

/** A whole mesh of one test file's own. Disposing of it stops it and removes its data. */
export interface TestMesh extends Mesh {
  readonly home: string;
  /** The object store, for openStore(). */
  readonly storageUrl: string;
  /** A process once it is ready: after a kill, the one that was started in its place. */
  process(name: string): Promise<MeshProcess>;
  /** Starts the mesh again on the same data and ports, after it was stopped or its supervisor was killed. */
  startAgain(): Promise<TestMesh>;
}

/**
 * Starts the whole mesh as processes: development mode, data in a temporary folder, ports that are free. `env` is set
 * on top, for all services; `replicas` names those that run more than once.
 */
export async function startTestMesh(
  o: { readonly env?: Readonly<Record<string, string>>; readonly replicas?: ReplicaCounts } = {},
): Promise<TestMesh> {
  const folder = await temporaryFolder('mesh');
  try {
    return await start(folder, 'free', { env: { IRISVUE_ENV: 'development', ...o.env }, replicas: o.replicas });
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

async function start(
  folder: { readonly path: string } & AsyncDisposable,
  ports: 'free' | number,
  o: { readonly env: Readonly<Record<string, string>>; readonly replicas: ReplicaCounts | undefined },
): Promise<TestMesh> {
  const home = folder.path;
  const mesh = await startMesh({ home, ports, ...o });
  const firstPort = Number(new URL(mesh.gatewayUrl).port);
  return {
    home,
    gatewayUrl: mesh.gatewayUrl,
    supervisorPid: mesh.supervisorPid,
    servers: mesh.servers,
    storageUrl: mesh.servers.storage,
    get processes() {
      return mesh.processes;
    },
    ended: (signal) => mesh.ended(signal),
    stop: () => mesh.stop(),
    process: (name) => readyProcess(home, name),
    startAgain: () => start(folder, firstPort, o),
    async [Symbol.asyncDispose]() {
      await mesh.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function readyProcess(home: string, name: string): Promise<MeshProcess> {
  return await until(
    async () => {
      const found = (await meshStatus(home)).processes.find((p) => p.name === name);
      return found?.state === 'ready' && found.pid ? { name, url: found.url, pid: found.pid } : undefined;
    },
    { what: `that ${name} is ready` },
  );
}
