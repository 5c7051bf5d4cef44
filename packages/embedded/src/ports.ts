import { createServer } from 'node:net';
import { portOwner } from './port-owner.ts';

/** Every process of a mesh that listens, and its port unless another one is asked for. */
export const DEFAULT_PORTS = {
  gateway: 8080,
  identity: 8081,
  consent: 8082,
  jobs: 8083,
  objects: 8084,
  postgres: 8085,
  nats: 8086,
  redis: 8087,
  segmentation: 8091,
  enhancement: 8092,
  fusion: 8093,
} as const;

/** A service tells its metrics on the port this far above its own. */
export const METRICS_OFFSET = 20;

/** A further replica of a service listens this far above the one before. */
const REPLICA_OFFSET = 40;

export type ProcessName = keyof typeof DEFAULT_PORTS;
export type Ports = Readonly<Record<ProcessName, number>>;

const NAMES = Object.keys(DEFAULT_PORTS) as ProcessName[];
const HOST = '127.0.0.1';
const HIGHEST_OFFSET = Math.max(...Object.values(DEFAULT_PORTS)) - DEFAULT_PORTS.gateway + METRICS_OFFSET;

// Below the range from which systems take ports for outgoing connections (Linux from 32768, macOS from 49152): such a
// connection must not sit on the port of a process that is about to be restarted.
const FREE_RANGE = { from: 20_000, to: 32_000 };
const FREE_TRIES = 1000;

/** The port of replica 1, 2 … of a service. */
export function replicaPort(ports: Ports, name: ProcessName, replica: number): number {
  return ports[name] + (replica - 1) * REPLICA_OFFSET;
}

/**
 * The ports of a mesh: the default ones, the same pattern from another base on, or ones that are free now, also for so
 * many replicas of each service.
 */
export async function choosePorts(wanted: 'default' | 'free' | number, replicas = 1): Promise<Ports> {
  if (wanted === 'default') return DEFAULT_PORTS;
  if (wanted === 'free') return await freePorts(replicas);
  if (!Number.isInteger(wanted) || wanted < 1 || wanted + HIGHEST_OFFSET > 65_535)
    throw new RangeError(`the first port must be from 1 to ${65_535 - HIGHEST_OFFSET}, not ${wanted}`);
  return shifted(wanted);
}

/** One port that nobody listens on. */
export async function freePort(): Promise<number> {
  for (let i = 0; i < FREE_TRIES; i++) {
    const port = randomPort();
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port was found from ${FREE_RANGE.from} to ${FREE_RANGE.to}`);
}

/** Ports in the usual pattern from a base on that is found by trying. */
async function freePorts(replicas: number): Promise<Ports> {
  for (let i = 0; i < FREE_TRIES; i++) {
    const ports = shifted(randomPort());
    const listening = NAMES.flatMap((name) =>
      Array.from({ length: replicas }, (_, before) => replicaPort(ports, name, before + 1)),
    );
    const wanted = listening.flatMap((port) => [port, port + METRICS_OFFSET]);
    const free = await Promise.all(wanted.map(isFree));
    if (!free.includes(false)) return ports;
  }
  throw new Error(`no free ports were found from ${FREE_RANGE.from} to ${FREE_RANGE.to}`);
}

function randomPort(): number {
  return FREE_RANGE.from + Math.floor(Math.random() * (FREE_RANGE.to - FREE_RANGE.from));
}

/** The default pattern, from another first port on. */
function shifted(base: number): Ports {
  const moved = NAMES.map((name) => [name, base + DEFAULT_PORTS[name] - DEFAULT_PORTS.gateway]);
  return Object.fromEntries(moved) as Record<ProcessName, number>;
}

/**
 * Checks the ports of the servers, and of the services with their metrics. Throws an Error that names every port that
 * is taken, who has it, and the knob that moves the mesh elsewhere.
 */
export async function requirePortsFree(
  ports: Ports,
  o: {
    readonly servers: readonly ProcessName[];
    readonly services: readonly { readonly label: string; readonly port: number }[];
  },
): Promise<void> {
  const wanted = [
    ...o.servers.map((name) => ({ whose: name as string, port: ports[name] })),
    ...o.services.map(({ label, port }) => ({ whose: label, port })),
    ...o.services.map(({ label, port }) => ({ whose: `the metrics of ${label}`, port: port + METRICS_OFFSET })),
  ];
  const free = await Promise.all(wanted.map(({ port }) => isFree(port)));
  const taken = wanted.filter((_, i) => !free[i]);
  if (taken.length === 0) return;
  const lines = await Promise.all(
    taken.map(async ({ whose, port }) => `  port ${port} for ${whose} is taken by ${await portOwner(port)}`),
  );
  throw new Error(
    `the mesh cannot have its ports:\n${lines.join('\n')}\n  Set IRISVUE_PORT_BASE to use others, for example ` +
      `IRISVUE_PORT_BASE=${ports.gateway + 1000} for ${ports.gateway + 1000} and the next ones.`,
  );
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return await new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    });
    server.listen({ port, host: HOST, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
