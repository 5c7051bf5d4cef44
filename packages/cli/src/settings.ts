import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { meshModelsDir } from '@irisvue/embedded';
import { type DockerAddresses, dockerAddresses } from './docker-addresses.ts';

/** Root of the project: the folder that holds `./irisvue`. */
export const projectRoot = resolve(import.meta.dirname, '../../..');

/** What the command reads from its environment. The only reader of `process.env` in this room. */
export interface CliSettings {
  /** Folder of the mesh on this machine: data, logs, secrets (IRISVUE_HOME). */
  readonly home: string;
  /** Gateway of a mesh elsewhere; then none is started here (IRISVUE_GATEWAY_URL). */
  readonly gatewayUrl?: string;
  /** First port of the mesh on this machine (IRISVUE_PORT_BASE). */
  readonly portBase?: number;
  /** Where models are looked for, separated as in PATH; the first folder takes the pulled ones (IRISVUE_MODELS_DIR). */
  readonly modelsDir: string;
  /** File or URL of the registry that models are pulled from (IRISVUE_MODEL_REGISTRY). */
  readonly modelRegistry: string;
  /** Identity of a mesh elsewhere, for `account operator` (IRISVUE_IDENTITY_URL). */
  readonly identityUrl?: string;
  /** Master secret of a mesh elsewhere, for `account operator` (IRISVUE_MASTER_SECRET). */
  readonly masterSecret?: string;
  /** Where a mesh in containers is reached (IRISVUE_GATEWAY_BIND and others). Throws for a value that cannot be used. */
  readonly docker: () => DockerAddresses;
}

/** @throws Error when a value cannot be used, naming the variable. */
export function readCliSettings(env: NodeJS.ProcessEnv = process.env): CliSettings {
  const home = resolve((env.IRISVUE_HOME ?? `${projectRoot}/.irisvue`).replace(/^~(?=\/|$)/, homedir()));
  const { IRISVUE_GATEWAY_URL: gatewayUrl, IRISVUE_PORT_BASE: base } = env;
  const { IRISVUE_MODELS_DIR: modelsDir, IRISVUE_MODEL_REGISTRY: modelRegistry } = env;
  const { IRISVUE_IDENTITY_URL: identityUrl, IRISVUE_MASTER_SECRET: masterSecret } = env;
  if (gatewayUrl && !URL.canParse(gatewayUrl)) throw new Error('IRISVUE_GATEWAY_URL is not a URL');
  if (base && !/^\d{4,5}$/.test(base)) throw new Error('IRISVUE_PORT_BASE is not a port number (1024 to 65000)');
  return {
    home,
    ...(gatewayUrl && { gatewayUrl }),
    ...(base && { portBase: Number(base) }),
    ...(identityUrl && { identityUrl }),
    ...(masterSecret && { masterSecret }),
    docker: () => dockerAddresses(env),
    modelsDir: modelsDir || meshModelsDir(home),
    modelRegistry: modelRegistry || `${projectRoot}/models/registry.json`,
  };
}
