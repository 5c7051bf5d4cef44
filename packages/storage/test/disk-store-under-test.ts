import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@irisvue/runtime';
import { openDiskStore } from '../src/disk-store.ts';
import { type ObjectsServer, startObjectsServer } from '../src/index.ts';
import { type StoreUnderTest, settableClock } from './object-store-contract.ts';

export const ORIGIN = 'https://studio.example';
const SECRET = 'a secret of enough characters';

/** A disk store with its objects server, in `folder` or in one of its own. */
export async function openDiskStoreUnderTest(
  folder?: string,
): Promise<StoreUnderTest & { directory: string; server: ObjectsServer }> {
  const directory = folder ?? (await mkdtemp(join(tmpdir(), 'irisvue-store-')));
  const clock = settableClock();
  const server = await startObjectsServer({
    disk: { directory, secret: SECRET },
    host: '127.0.0.1',
    port: 0,
    allowedOrigins: [ORIGIN],
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  const store = await openDiskStore({ directory, endpoint: server.url, secret: SECRET, clock });
  return {
    store,
    clock,
    server,
    directory,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      if (folder === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}
