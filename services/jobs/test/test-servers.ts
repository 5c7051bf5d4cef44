import path from 'node:path';
import { migrate, openDatabase } from '@irisvue/database';
import { createLogger } from '@irisvue/runtime';
import { createTestDatabase, startNats, type TestDatabase, type TestServer } from '@irisvue/testing';

const MIGRATIONS = path.join(import.meta.dirname, '../migrations');

/** A database and a NATS server of one test's own: events of another test would wake this one's consumers. */
export async function testServers(): Promise<
  { readonly databaseUrl: string; readonly nats: TestServer } & AsyncDisposable
> {
  await using undo = new AsyncDisposableStack();
  const database = undo.use(await testDatabase());
  const nats = undo.use(await startNats());
  const running = undo.move();
  return { databaseUrl: database.url, nats, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** A database of one test's own, with this service's schema. */
export const testDatabase = (): Promise<TestDatabase> => createTestDatabase('jobs', migrateAt);

async function migrateAt(url: string): Promise<void> {
  await using db = openDatabase(url, { logger: createLogger({ service: 'test', level: 'silent' }) });
  await migrate(db, MIGRATIONS);
}
