import { createServer } from 'node:net';
import { ErrorReason, errorDetail } from '@irisvue/runtime';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { checkDatabase, type Database, openDatabase } from '../src/index.ts';
import { createDatabase, logger, type TestTables, terminateOthers } from './test-database.ts';

let database: Awaited<ReturnType<typeof createDatabase>>;
let db: Database<TestTables>;

beforeAll(async () => {
  database = await createDatabase();
  db = database.db;
});
afterAll(() => database[Symbol.asyncDispose]());

const DOWN = { reason: ErrorReason.DEPENDENCY_DOWN, metadata: { dependency: 'database' } };

/** A URL at which nothing listens: the port was free a moment ago. */
async function deadUrl(): Promise<string> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  await new Promise((resolve) => server.close(resolve));
  return `postgres://nobody:topsecret@127.0.0.1:${port}/nothing`;
}

describe('a database out of reach', () => {
  it('is DEPENDENCY_DOWN without driver text, for a statement and for readiness', async () => {
    await using dead = openDatabase<TestTables>(await deadUrl(), { logger });
    for (const call of [() => dead.selectFrom('rows').selectAll().execute(), () => checkDatabase(dead)]) {
      const problem = await call().catch((error: Error) => error);
      expect(errorDetail(problem)).toMatchObject(DOWN);
      expect((problem as Error).message).not.toMatch(/ECONNREFUSED|127\.0\.0\.1|topsecret/);
      expect((problem as Error).cause).toBeInstanceOf(Error);
    }
  });

  it('is DEPENDENCY_DOWN when the server ends the connection in mid-statement', async () => {
    await using other = openDatabase<TestTables>(database.url, { logger });
    const running = sql`select pg_sleep(30)`.execute(other).catch(errorDetail);
    await vi.waitFor(async () => expect(await terminateOthers(db)).toBeGreaterThan(0));
    expect(await running).toMatchObject(DOWN);
  });

  it('is back with the next statement after idle connections were lost', async () => {
    await using other = openDatabase<TestTables>(database.url, { logger });
    await checkDatabase(other);
    expect(await terminateOthers(db)).toBeGreaterThan(0);
    await vi.waitFor(() => checkDatabase(other));
  });
});

describe('a database', () => {
  it('keeps the errors of statements as they are', async () => {
    await db.insertInto('rows').values({ id: 'twice' }).execute();
    const problem = await db
      .insertInto('rows')
      .values({ id: 'twice' })
      .execute()
      .catch((error: unknown) => error);
    expect(problem).toMatchObject({ code: '23505' });
    expect(errorDetail(problem)).toBeUndefined();
  });

  it('gives bigints and counts as numbers', async () => {
    await db
      .insertInto('rows')
      .values({ id: 'big', amount: 2 ** 53 - 1 })
      .execute();
    const row = await db.selectFrom('rows').select('amount').where('id', '=', 'big').executeTakeFirstOrThrow();
    expect(row.amount).toBe(9007199254740991);
    const { count } = await db
      .selectFrom('rows')
      .select((select) => select.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    expect(count).toBeTypeOf('number');
  });

  it('throws on a bigint that would lose digits', async () => {
    await expect(sql`select 9007199254740993::bigint as lost`.execute(db)).rejects.toThrow(RangeError);
  });

  it('ends a transaction that does nothing for too long', async () => {
    const { rows } = await sql<{ setting: string }>`
      select setting from pg_settings where name = 'idle_in_transaction_session_timeout'`.execute(db);
    expect(rows[0].setting).toBe('30000');
  });
});
