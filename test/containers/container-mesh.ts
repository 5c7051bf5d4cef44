import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startDockerMesh } from '@irisvue/cli/docker-mesh';
import { projectRoot, readCliSettings } from '@irisvue/cli/settings';
import { freePort } from '@irisvue/embedded';
import { temporaryFolder, until } from '@irisvue/testing';

const run = promisify(execFile);

/** Names of compose projects of tests; the id of their process follows. */
const PROJECT = 'irisvue-test-';

/** Everything that a mesh in containers keeps running, by service of docker-compose.yml. */
export const SERVICES = ['gateway', 'identity', 'consent', 'jobs', 'segmentation', 'enhancement', 'fusion'] as const;
export const SERVERS = ['postgres', 'nats', 'redis', 'objects'] as const;

/** The mesh of docker-compose.yml as a project of its own, with ports that are free. Disposing removes its data. */
export interface ContainerMesh extends AsyncDisposable {
  readonly gatewayUrl: string;
  /** Runs docker compose on the mesh and gives its output. */
  compose(...args: readonly string[]): Promise<string>;
  /** Ids of the containers of a service. */
  containers(service: string): Promise<string[]>;
  /** Resolves when a container runs and, if it can say so, says that it serves. */
  healthy(container: string): Promise<void>;
}

/** Runs docker and gives its output. */
export async function docker(...args: readonly string[]): Promise<string> {
  return (await run('docker', args, { cwd: projectRoot, maxBuffer: 2 ** 26 })).stdout.trim();
}

/** Removes the meshes of runs that were killed before they could. */
async function removeLeftovers(): Promise<void> {
  const projects = JSON.parse(await docker('compose', 'ls', '--all', '--format', 'json')) as { Name: string }[];
  for (const { Name } of projects) {
    const pid = Name.startsWith(PROJECT) && Number(Name.slice(PROJECT.length));
    if (pid && !existsSync(`/proc/${pid}`)) await docker('compose', '--project-name', Name, 'down', '--volumes');
  }
}

/** Builds the images and starts the mesh, with as many containers of a service as `scale` says. */
export async function startContainerMesh(scale: Readonly<Record<string, number>>): Promise<ContainerMesh> {
  await using opening = new AsyncDisposableStack();
  const home = opening.use(await temporaryFolder('containers'));
  const [gateway, objects] = [await freePort(), await freePort()];
  await removeLeftovers();
  process.env['COMPOSE_PROJECT_NAME'] = `${PROJECT}${process.pid}`;
  const settings = readCliSettings({
    ...process.env,
    IRISVUE_HOME: home.path,
    IRISVUE_GATEWAY_BIND: `127.0.0.1:${gateway}`,
    IRISVUE_OBJECTS_BIND: `127.0.0.1:${objects}`,
  });
  const compose = (...args: readonly string[]) =>
    docker('compose', '--env-file', join(home.path, 'docker.env'), ...args);
  opening.defer(async () => {
    await compose('down', '--volumes', '--timeout', '10');
  });
  const gatewayUrl = await startDockerMesh(settings, AbortSignal.timeout(1_200_000), {
    IRISVUE_SUBJECT_KINDS: 'self,minor,synthetic',
  });
  const scales = Object.entries(scale).flatMap(([service, count]) => ['--scale', `${service}=${count}`]);
  await compose('up', '--detach', '--wait', '--no-recreate', ...scales);
  const running = opening.move();
  return {
    gatewayUrl,
    compose,
    containers: async (service) => (await compose('ps', '--quiet', service)).split('\n').filter((id) => id !== ''),
    async healthy(container) {
      const asked = '{{.State.Running}} {{if .State.Health}}{{.State.Health.Status}}{{else}}healthy{{end}}';
      const limits = { limitMs: 180_000, everyMs: 250, what: `that ${container} is healthy` };
      await until(async () => (await docker('inspect', '--format', asked, container)) === 'true healthy', limits);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
