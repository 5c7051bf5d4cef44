import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { newId } from '@irisvue/database';
import { createLogger, systemClock } from '@irisvue/runtime';
import { type ObjectStore, openStore, photoKey } from '@irisvue/storage';
import { createExportLinks } from '../../src/export/export-links.ts';
import { createExports } from '../../src/export/exports.ts';
import type { PrivacyDb } from '../../src/privacy/schema.ts';
import { consentDatabase } from '../audit/consent-database.ts';
import { startDataHolder } from '../privacy/data-holder.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

/** An export that was asked for, with a real database and a store, and workers as processes. */
export async function packingScene(o: { readonly storeUrl: string; readonly stepMs?: number }) {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await consentDatabase());
  const holder = stack.use(await startDataHolder({ stepMs: o.stepMs }));
  const store: ObjectStore = stack.use(await openStore(o.storeUrl));
  const db = database.db as unknown as PrivacyDb;
  const userId = newId();
  const links = createExportLinks({ secret: 'secret', publicUrl: 'https://gateway.example', clock: systemClock });
  const exports = createExports({ db, store, links, clock: systemClock, logger });
  const children: ChildProcess[] = [];
  stack.defer(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  const running = stack.move();
  return {
    db,
    store,
    userId,
    /** Stores an object, and has the holder export it under each of these paths. */
    async hold(bytes: Uint8Array, paths: readonly string[]) {
      const objectKey = photoKey(userId, newId());
      await store.put(objectKey, bytes, { contentType: 'image/jpeg' });
      holder.exported.set(userId, [
        ...(holder.exported.get(userId) ?? []),
        ...paths.map((each) => ({ path: each, objectKey })),
      ]);
    },
    /** Asks for the export; gives its id. */
    ask() {
      const request = { userId, requestId: newId(), method: 'test', request: new Uint8Array() };
      return exports.create({ userId, subject: { id: userId, kind: 'self' }, language: 'en', request });
    },
    open: (id: string) => exports.open(id, userId),
    /** A worker that is up, and the most memory that it had resident by then, in bytes. */
    async startWorker() {
      const args = [database.url, holder.url, o.storeUrl];
      const child = fork(path.join(import.meta.dirname, 'packing-process.ts'), args, { stdio: 'ignore' });
      children.push(child);
      const [memory] = (await once(child, 'message')) as [number];
      return { child, memory };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
