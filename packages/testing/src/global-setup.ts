import type { TestProject } from 'vitest/node';
import { startServers, type TestServers } from './test-servers.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** PostgreSQL without a database, password included; see createTestDatabase. */
    postgresUrl: string;
    natsUrl: string;
    redisUrl: string;
  }
}

let servers: TestServers | undefined;

/** Starts PostgreSQL, NATS and Redis once for all tests of a run; they end with it, also when it is killed. */
export async function setup(project: TestProject): Promise<void> {
  servers = await startServers();
  const from = Object.entries(servers.sources).map(([name, source]) => `${name}: ${source}`);
  console.log(`servers of the tests: ${from.join(', ')}`);
  project.provide('postgresUrl', servers.postgresUrl);
  project.provide('natsUrl', servers.natsUrl);
  project.provide('redisUrl', servers.redisUrl);
}

export async function teardown(): Promise<void> {
  await servers?.[Symbol.asyncDispose]();
}
