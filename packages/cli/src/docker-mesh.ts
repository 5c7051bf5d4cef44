import { spawn } from 'node:child_process';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadSecrets, serviceSecret } from '@irisvue/embedded';
import { type CliSettings, projectRoot } from './settings.ts';

const CA_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';

/**
 * Builds the images, starts the mesh of docker-compose.yml and gives the URL of its gateway when every service says that
 * it serves. Its secrets are those of the home, in HOME/docker.env, which only the owner may read; its addresses and
 * `more` go there, too. Throws when docker fails.
 */
export async function startDockerMesh(
  { home, docker }: CliSettings,
  signal: AbortSignal,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { gatewayUrl, variables } = docker();
  await mkdir(home, { recursive: true });
  const lines = Object.entries({ ...(await dockerSecrets(home)), ...variables, ...more }).map(
    ([name, value]) => `${name}=${value}\n`,
  );
  await writeFile(envFile(home), lines.join(''), { mode: 0o600 });
  await compose(home, ['build'], signal);
  await compose(home, ['up', '--detach', '--wait'], signal);
  return gatewayUrl;
}

/** Stops the mesh in containers; its data stays in its volumes. Throws when docker fails, or when it never ran here. */
export async function stopDockerMesh(home: string, signal: AbortSignal): Promise<void> {
  await access(envFile(home)).catch(() => {
    throw new Error(`no mesh was started in containers from ${home}`);
  });
  await compose(home, ['down'], signal);
}

/** Secrets that docker-compose.yml asks for, by variable. */
async function dockerSecrets(home: string): Promise<Record<string, string>> {
  const { master, key, link, objects, objectsKey, postgres } = await loadSecrets(home);
  const hasBundle = await access(CA_BUNDLE).then(
    () => true,
    () => false,
  );
  return {
    IRISVUE_POSTGRES_PASSWORD: postgres,
    IRISVUE_OBJECTS_SECRET: objects,
    IRISVUE_OBJECTS_KEY: Buffer.from(objectsKey, 'hex').toString('base64'),
    IRISVUE_MASTER_SECRET: master,
    IRISVUE_KEY_SECRET: key,
    IRISVUE_LINK_SECRET: link,
    IRISVUE_GATEWAY_SECRET: serviceSecret(master, 'gateway'),
    IRISVUE_CONSENT_SECRET: serviceSecret(master, 'consent'),
    IRISVUE_JOBS_SECRET: serviceSecret(master, 'jobs'),
    ...(hasBundle && { IRISVUE_CA_FILE: CA_BUNDLE }),
  };
}

const envFile = (home: string): string => join(home, 'docker.env');

/** Runs docker compose on the project, with its output shown. */
async function compose(home: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  const docker = spawn('docker', ['compose', '--env-file', envFile(home), ...args], {
    cwd: projectRoot,
    stdio: ['ignore', 'inherit', 'inherit'],
    signal,
    killSignal: 'SIGTERM',
  });
  await new Promise<void>((resolve, reject) => {
    docker.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? new Error('docker is not installed: https://docs.docker.com/engine') : error),
    );
    docker.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`docker compose ${args.join(' ')} ended with ${code}`));
    });
  });
}
