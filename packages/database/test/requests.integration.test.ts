import { randomUUID } from 'node:crypto';
import { ErrorReason, errorDetail } from '@irisvue/runtime';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Database, forgetRequests, newId, once } from '../src/index.ts';
import { countWaiting, createDatabase, type TestTables } from './test-database.ts';

const METHOD = 'irisvue.test.v1.RowService/CreateRow';
const REQUEST = new TextEncoder().encode('one request');

let database: Awaited<ReturnType<typeof createDatabase>>;
let db: Database<TestTables>;

beforeAll(async () => {
  database = await createDatabase();
  db = database.db;
});
afterAll(() => database[Symbol.asyncDispose]());

function createRow(
  o: { requestId: string; userId?: string; method?: string; request?: Uint8Array },
  hold?: Promise<void>,
) {
  const key = { userId: 'user-1', method: METHOD, request: REQUEST, ...o };
  return db.transaction().execute((trx) =>
    once(trx, key, async () => {
      const id = newId();
      await trx.insertInto('rows').values({ id }).execute();
      await hold;
      return id;
    }),
  );
}

const countRows = async (id: string) =>
  (await db.selectFrom('rows').select('id').where('id', '=', id).execute()).length;

describe('once', () => {
  it('carries out a request once and answers its repeat alike', async () => {
    const requestId = randomUUID();
    const first = await createRow({ requestId });
    expect(first.fresh).toBe(true);
    expect(await createRow({ requestId })).toEqual({ id: first.id, fresh: false });
    expect(await countRows(first.id)).toBe(1);
  });

  it('knows an id in upper case as the same', async () => {
    const requestId = randomUUID();
    const first = await createRow({ requestId });
    expect(await createRow({ requestId: requestId.toUpperCase() })).toEqual({ id: first.id, fresh: false });
  });

  it.each([
    ['another request', { request: new TextEncoder().encode('another request') }],
    ['another method', { method: 'irisvue.test.v1.RowService/DeleteRow' }],
  ])('refuses the id for %s', async (_, change) => {
    const requestId = randomUUID();
    await createRow({ requestId });
    const problem = await createRow({ requestId, ...change }).catch(errorDetail);
    expect(problem).toMatchObject({ reason: ErrorReason.REQUEST_ID_REUSED, metadata: { request_id: requestId } });
  });

  it('keeps the ids of two users apart', async () => {
    const requestId = randomUUID();
    const first = await createRow({ requestId });
    const second = await createRow({ requestId, userId: 'user-2' });
    expect(second.fresh).toBe(true);
    expect(second.id).not.toBe(first.id);
  });

  it('gives calls at the same time one answer', async () => {
    const requestId = randomUUID();
    const answers = await Promise.all(Array.from({ length: 8 }, () => createRow({ requestId })));
    expect(new Set(answers.map((answer) => answer.id)).size).toBe(1);
    expect(answers.filter((answer) => answer.fresh)).toHaveLength(1);
    expect(await countRows(answers[0].id)).toBe(1);
  });

  it('lets the second of two calls wait for the first one to commit', async () => {
    const requestId = randomUUID();
    const hold = Promise.withResolvers<void>();
    const first = createRow({ requestId }, hold.promise);
    await vi.waitFor(async () => expect(await openTransactions()).toBe(1));
    const second = createRow({ requestId });
    await vi.waitFor(async () => expect(await countWaiting(db)).toBe(1));
    hold.resolve();
    expect(await second).toEqual({ id: (await first).id, fresh: false });
  });

  it('lets the second of two calls carry out the request when the first one rolls back', async () => {
    const requestId = randomUUID();
    const hold = Promise.withResolvers<void>();
    const first = createRow({ requestId }, hold.promise);
    await vi.waitFor(async () => expect(await openTransactions()).toBe(1));
    const second = createRow({ requestId });
    await vi.waitFor(async () => expect(await countWaiting(db)).toBe(1));
    hold.reject(new Error('the first one fails'));
    await expect(first).rejects.toThrow('the first one fails');
    const answer = await second;
    expect(answer.fresh).toBe(true);
    expect(await countRows(answer.id)).toBe(1);
  });
});

/** Transactions that have written a row and are still open. */
async function openTransactions(): Promise<number> {
  const { rows } = await sql`
    select 1 from pg_stat_activity
    where datname = current_database() and state = 'idle in transaction' and backend_xid is not null
      and query like 'insert into "rows"%'`.execute(db);
  return rows.length;
}

describe('forgetRequests', () => {
  it('forgets what is older and keeps what is not', async () => {
    const old = randomUUID();
    const young = randomUUID();
    await createRow({ requestId: old });
    await createRow({ requestId: young });
    const limit = new Date('2020-01-01T00:00:00Z');
    const before = new Date(limit.getTime() - 1);
    await db.updateTable('requests').set({ create_time: before }).where('request_id', '=', old).execute();
    expect(await forgetRequests(db, limit)).toBe(1);
    expect((await createRow({ requestId: old })).fresh).toBe(true);
    expect((await createRow({ requestId: young })).fresh).toBe(false);
  });
});
