import { join } from 'node:path';
import type { MeshConfig } from './config.ts';
import { meshModelsDir } from './models-dir.ts';
import { METRICS_OFFSET, type Ports, replicaPort } from './ports.ts';
import { databaseUrl } from './postgres.ts';
import { type Secrets, serviceSecret } from './secrets.ts';

/** The services of a mesh; each is one process. */
export const SERVICES = ['gateway', 'identity', 'consent', 'jobs', 'segmentation', 'enhancement', 'fusion'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** The services that load models. */
export const MODEL_SERVICES = ['segmentation', 'enhancement'] as const satisfies readonly ServiceName[];

/** The services that may run several times in one mesh: whoever calls them balances over a list of URLs. */
export type ReplicatedService = 'jobs' | 'segmentation' | 'enhancement' | 'fusion';
/** How often each of them runs; once when it is not named. */
export type ReplicaCounts = Readonly<Partial<Record<ReplicatedService, number>>>;

/** One process of a service. */
export interface Replica {
  readonly name: ServiceName;
  /** "jobs" for the first one, then "jobs-2" … */
  readonly label: string;
  readonly port: number;
}

/** The processes of a service, the first one at its port. */
export function replicasOf(ports: Ports, name: ServiceName, counts: ReplicaCounts): Replica[] {
  return Array.from({ length: counts[name as ReplicatedService] ?? 1 }, (_, before) => ({
    name,
    label: before === 0 ? name : `${name}-${before + 1}`,
    port: replicaPort(ports, name, before + 1),
  }));
}

/** The services that own a database, and its name. */
export const DATABASES = ['identity', 'consent', 'jobs'] as const;

const HOST = '127.0.0.1';

// Whose irises may be processed: in development also rendered eyes and labelled test sets.
const DEVELOPMENT_SUBJECTS = 'self,minor,synthetic,evaluation';

/** Where the backing servers are, passwords included. */
export interface ServerUrls {
  /** Without a database. */
  readonly postgres: string;
  readonly nats: string;
  readonly redis: string;
  readonly storage: string;
}

export function serviceUrl(ports: Ports, name: ServiceName | 'objects'): string {
  return localUrl(ports[name]);
}

/** Where a process of ours listens. */
export function localUrl(port: number): string {
  return `http://${HOST}:${port}`;
}

/** Where the service with this URL tells its metrics. */
export function metricsUrl(url: string): string {
  const at = new URL('/metrics', url);
  at.port = String(Number(at.port) + METRICS_OFFSET);
  return at.href;
}

/** What a service is told: the settings that were given for all of them, its place in the mesh, and its own secrets. */
export function serviceEnvironment(
  { name, port }: Pick<Replica, 'name' | 'port'>,
  mesh: {
    readonly home: string;
    readonly config: MeshConfig;
    readonly ports: Ports;
    readonly urls: ServerUrls;
    readonly secrets: Secrets;
    readonly replicas?: ReplicaCounts;
  },
): NodeJS.ProcessEnv {
  const { home, config, ports, urls, secrets, replicas = {} } = mesh;
  const peer = (of: ServiceName): Record<string, string> => ({
    [`IRISVUE_${of.toUpperCase()}_URL`]: replicasOf(ports, of, replicas)
      .map((one) => localUrl(one.port))
      .join(','),
  });
  const trust = { ...peer('identity'), ...peer('consent') };
  const steps = { ...peer('segmentation'), ...peer('enhancement'), ...peer('fusion') };
  const events = { IRISVUE_NATS_URL: urls.nats };
  const database = { IRISVUE_DATABASE_URL: databaseUrl(urls.postgres, name) };
  const storage = { IRISVUE_STORAGE_URL: urls.storage };
  const models = { IRISVUE_MODELS_DIR: meshModelsDir(home) };
  const own = { IRISVUE_SERVICE_SECRET: serviceSecret(secrets.master, name) };
  const keys = { IRISVUE_KEY_SECRET: secrets.key };
  const pages = { IRISVUE_WEB_URL: serviceUrl(ports, 'gateway') };
  const subjects: Record<string, string> =
    config.env === 'production' ? {} : { IRISVUE_SUBJECT_KINDS: DEVELOPMENT_SUBJECTS };
  const byService: Record<ServiceName, Record<string, string>> = {
    gateway: { ...trust, ...peer('jobs'), ...steps, ...own, ...events, IRISVUE_REDIS_URL: urls.redis },
    identity: {
      ...{ ...database, ...events, ...keys, ...pages },
      IRISVUE_MAIL_DIR: join(home, 'mail'),
      IRISVUE_MASTER_SECRET: secrets.master,
    },
    consent: {
      ...{ ...database, ...events, ...storage, ...keys, ...own, ...pages },
      ...{ ...peer('identity'), ...peer('jobs'), ...subjects },
      IRISVUE_REDIS_URL: urls.redis,
      IRISVUE_PUBLIC_URL: serviceUrl(ports, 'gateway'),
    },
    jobs: {
      ...{ ...database, ...events, ...storage, ...own, ...trust, ...steps },
      IRISVUE_LINK_SECRET: secrets.link,
      IRISVUE_PUBLIC_URL: serviceUrl(ports, 'gateway'),
    },
    segmentation: { ...trust, ...storage, ...models },
    enhancement: { ...trust, ...storage, ...models },
    fusion: { ...trust, ...storage },
  };
  return {
    ...config.surroundings,
    IRISVUE_ENV: config.env,
    IRISVUE_HOST: HOST,
    IRISVUE_PORT: String(port),
    IRISVUE_METRICS_PORT: String(port + METRICS_OFFSET),
    ...byService[name],
    ...config.passedOn,
  };
}

/** The store of embedded objects: a folder, with presigned requests served by the objects server. */
export function embeddedStorageUrl(folder: string, ports: Ports, secrets: Secrets): string {
  const url = new URL(`file://${encodeURI(folder)}`);
  url.searchParams.set('endpoint', serviceUrl(ports, 'objects'));
  url.searchParams.set('secret', secrets.objects);
  return url.href;
}

/** What the objects server is told. */
export function objectsEnvironment(config: MeshConfig, ports: Ports, storageUrl: string): NodeJS.ProcessEnv {
  return {
    ...config.surroundings,
    ...config.passedOn,
    IRISVUE_ENV: config.env,
    IRISVUE_HOST: HOST,
    IRISVUE_PORT: String(ports.objects),
    IRISVUE_METRICS_PORT: String(ports.objects + METRICS_OFFSET),
    IRISVUE_STORAGE_URL: storageUrl,
  };
}
