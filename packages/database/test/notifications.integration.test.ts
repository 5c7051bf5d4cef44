import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Database, listen, notify } from '../src/index.ts';
import { createDatabase, type TestTables, terminateOthers } from './test-database.ts';

let database: Awaited<ReturnType<typeof createDatabase>>;
let db: Database<TestTables>;

beforeAll(async () => {
  database = await createDatabase();
  db = database.db;
});
afterAll(() => database[Symbol.asyncDispose]());

/** Listens and collects payloads; '' marks each connect. */
function startListening(channel: string) {
  const payloads: string[] = [];
  const stop = new AbortController();
  const ended = listen(database.url, channel, (payload) => payloads.push(payload), stop.signal);
  return {
    payloads,
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
}

describe('listen', () => {
  it('wakes at each notification once its transaction commits, and ends with the signal', async () => {
    const { payloads, stop } = startListening('Changes of rows');
    await vi.waitFor(() => expect(payloads).toEqual(['']));
    await db
      .transaction()
      .execute(async (trx) => {
        await notify(trx, 'Changes of rows', 'rolled back');
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    await db.transaction().execute((trx) => notify(trx, 'Changes of rows', 'row-1'));
    await notify(db, 'Changes of rows', 'row-2');
    await vi.waitFor(() => expect(payloads).toEqual(['', 'row-1', 'row-2']));
    await stop();
  });

  it('connects anew after the connection is lost and says so with an empty payload', async () => {
    const { payloads, stop } = startListening('changes');
    await vi.waitFor(() => expect(payloads).toEqual(['']));
    expect(await terminateOthers(db)).toBeGreaterThan(0);
    await vi.waitFor(() => expect(payloads).toEqual(['', '']), { timeout: 10_000 });
    await notify(db, 'changes', 'after');
    await vi.waitFor(() => expect(payloads).toEqual(['', '', 'after']));
    await stop();
  });

  it('ends at once while it cannot connect', async () => {
    const stop = new AbortController();
    const ended = listen('postgres://127.0.0.1:1/nothing', 'changes', () => undefined, stop.signal);
    stop.abort();
    await ended;
  });
});
