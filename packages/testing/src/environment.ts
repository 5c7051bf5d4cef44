import { env } from 'node:process';

// The one reader of the environment in this room.

/** Where programs are looked for. */
export const searchPath: string = env['PATH'] ?? '';

const KINDS = ['auto', 'local', 'containers'] as const;

/**
 * How the servers of tests are had, by IRISVUE_TEST_SERVERS: `local` programs, `containers`, or `auto` (the default): a
 * program where it is installed, a container otherwise. Throws for anything else.
 */
export function wantedServers(): (typeof KINDS)[number] {
  const wanted = env['IRISVUE_TEST_SERVERS'] || 'auto';
  const kind = KINDS.find((one) => one === wanted);
  if (kind === undefined) throw new Error(`IRISVUE_TEST_SERVERS must be one of ${KINDS.join(', ')}, not ${wanted}`);
  return kind;
}

/** A server that runs already and that tests may fill: PostgreSQL without a database, NATS, Redis. */
export function givenServer(name: 'postgres' | 'nats' | 'redis'): string | undefined {
  return env[`IRISVUE_TEST_${name.toUpperCase()}_URL`] || undefined;
}

/** Images that servers are started from; the same variables and defaults as in docker-compose.yml. */
export const IMAGES = {
  postgres: env['IRISVUE_POSTGRES_IMAGE'] || 'postgres:17.6-bookworm',
  nats: env['IRISVUE_NATS_IMAGE'] || 'nats:2.12.1-alpine',
  redis: env['IRISVUE_REDIS_IMAGE'] || 'redis:8.2.1-bookworm',
  ceph: env['IRISVUE_CEPH_IMAGE'] || 'quay.io/ceph/ceph:v18.2.7',
} as const;

/** The library would start a container of its own that clears up; reap-containers.ts does that without an image. */
export function withoutReaperImage(): void {
  env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
}
