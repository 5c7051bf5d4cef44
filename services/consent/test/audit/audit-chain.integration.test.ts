import { newId } from '@irisvue/database';
import { sql } from 'kysely';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { appendToChain, chainHead, readChain } from '../../src/audit/audit-chain.ts';
import { type AuditEntry, type AuditRecord, NO_HASH, writeEntry } from '../../src/audit/audit-entry.ts';
import { verifyChain } from '../../src/audit/verify-chain.ts';
import { consentDatabase } from './consent-database.ts';

const LENGTH = 6;

let db: Awaited<ReturnType<typeof consentDatabase>>['db'];
beforeEach(async () => {
  const database = await consentDatabase();
  onTestFinished(() => database[Symbol.asyncDispose]());
  db = database.db;
});

const record = (over: Partial<AuditRecord> = {}): AuditRecord => ({
  id: newId(),
  time: '2026-11-21T12:00:00.000Z',
  service: 'identity',
  action: 'signed_in',
  outcome: 'done',
  actor: `principal:${newId()}`,
  operator: false,
  subjects: [],
  resources: [],
  ...over,
});
const append = (entry = record()) => db.transaction().execute((trx) => appendToChain(trx, entry));
const fill = async (length = LENGTH) => {
  for (let count = 0; count < length; count += 1) await append();
};
const verify = async (anchor?: { seq: number; hash: string }) => verifyChain(readChain(db), anchor);
const entryAt = async (seq: number) => {
  const row = await db.selectFrom('audit_log').selectAll().where('seq', '=', seq).executeTakeFirstOrThrow();
  return { ...row, entry: JSON.parse(row.entry) as AuditEntry };
};

/** What a superuser can do: nothing in the database refuses it. */
const tamper = (change: () => Promise<unknown>) =>
  db
    .connection()
    .execute(() => sql`ALTER TABLE audit_log DISABLE TRIGGER append_only`.execute(db))
    .then(change);
const put = (seq: number, over: Partial<AuditEntry>, hash?: string) =>
  tamper(async () => {
    const { entry } = await entryAt(seq);
    const written = writeEntry({ ...entry, ...over });
    await db
      .updateTable('audit_log')
      .set({ entry: written.text, hash: hash ?? written.hash })
      .where('seq', '=', seq)
      .execute();
  });
const moveUp = (from: number, by: number) =>
  tamper(async () => {
    await sql`UPDATE audit_log SET seq = seq + 1000 WHERE seq >= ${from}`.execute(db);
    await sql`UPDATE audit_log SET seq = seq - 1000 + ${by} WHERE seq >= 1000`.execute(db);
  });

test('entries are numbered without gaps and hold the hash of the one before', async () => {
  await fill(3);
  const entries = await Array.fromAsync(readChain(db));
  const texts = entries.map((row) => JSON.parse(row.entry) as AuditEntry);
  expect(texts.map((entry) => entry.seq)).toEqual([1, 2, 3]);
  expect(texts.map((entry) => entry.previous)).toEqual([NO_HASH, entries[0]!.hash, entries[1]!.hash]);
  expect(await verify()).toEqual({ entries: 3 });
});

test('an empty log is whole', async () => {
  expect(await verify()).toEqual({ entries: 0 });
});

test('writers at the same time make one chain', async () => {
  await Promise.all(Array.from({ length: 40 }, () => append()));
  expect(await verify()).toEqual({ entries: 40 });
});

test('an event that comes again is recorded once', async () => {
  const again = record();
  await Promise.all([append(again), append(again), append(again)]);
  await append();
  expect(await verify()).toEqual({ entries: 2 });
});

test('a chain longer than a batch is walked whole', async () => {
  await fill(1);
  const first = await entryAt(1);
  let previous = first.hash;
  const rows = Array.from({ length: 2_100 }, (_, index) => {
    const seq = index + 2;
    const entry = record();
    const { text, hash } = writeEntry({ ...entry, seq, previous });
    previous = hash;
    return { seq, event_id: entry.id, entry: text, hash };
  });
  await db.insertInto('audit_log').values(rows).execute();
  expect(await verify()).toEqual({ entries: 2_101 });
});

test.each([
  ['changed', sql`UPDATE audit_log SET entry = '{}'`],
  ['deleted', sql`DELETE FROM audit_log`],
  ['emptied', sql`TRUNCATE audit_log`],
])('the log cannot be %s while its trigger is there', async (_, statement) => {
  await fill(2);
  await expect(statement.execute(db)).rejects.toThrow('rows of audit_log are only ever added');
  expect(await verify()).toEqual({ entries: 2 });
});

describe('the first break is named:', () => {
  beforeEach(() => fill());

  test.each([1, 3, LENGTH])('entry %i was changed', async (seq) => {
    const { hash } = await entryAt(seq);
    await put(seq, { actor: 'nobody' }, hash);
    expect((await verify()).problem).toEqual({ kind: 'changed', seq });
  });

  test('an entry was changed together with its hash', async () => {
    await put(3, { actor: 'nobody' });
    expect((await verify()).problem).toEqual({ kind: 'changed', seq: 3 });
  });

  test('the first entry was changed together with its hash', async () => {
    await put(1, { actor: 'nobody' });
    expect((await verify()).problem).toEqual({ kind: 'changed', seq: 1 });
  });

  test('an entry got another event id', async () => {
    await tamper(() => db.updateTable('audit_log').set({ event_id: newId() }).where('seq', '=', 4).execute());
    expect((await verify()).problem).toEqual({ kind: 'changed', seq: 4 });
  });

  test('an entry is no JSON any more', async () => {
    await tamper(async () => {
      await sql`DROP INDEX audit_log_subjects, audit_log_actor`.execute(db);
      await db.updateTable('audit_log').set({ entry: 'x' }).where('seq', '=', 4).execute();
    });
    expect((await verify()).problem).toEqual({ kind: 'changed', seq: 4 });
  });

  test.each([1, 3])('entry %i is missing', async (seq) => {
    await tamper(() => db.deleteFrom('audit_log').where('seq', '=', seq).execute());
    expect((await verify()).problem).toEqual({ kind: 'missing', seq });
  });

  test('an entry is missing and the later ones were moved up', async () => {
    await tamper(() => db.deleteFrom('audit_log').where('seq', '=', 3).execute());
    await moveUp(4, -1);
    expect((await verify()).problem).toEqual({ kind: 'missing', seq: 3 });
  });

  test('an entry was inserted that follows from the one before', async () => {
    const before = await entryAt(3);
    await moveUp(4, 1);
    const inserted = record();
    const { text, hash } = writeEntry({ ...inserted, seq: 4, previous: before.hash });
    await db.insertInto('audit_log').values({ seq: 4, event_id: inserted.id, entry: text, hash }).execute();
    expect((await verify()).problem).toEqual({ kind: 'inserted', seq: 4 });
  });

  test('an entry was inserted with a hash that is not its own', async () => {
    await moveUp(4, 1);
    const { text } = writeEntry({ ...record(), seq: 4, previous: NO_HASH });
    await db
      .insertInto('audit_log')
      .values({ seq: 4, event_id: newId(), entry: text, hash: 'a'.repeat(64) })
      .execute();
    expect((await verify()).problem).toEqual({ kind: 'inserted', seq: 4 });
  });
});

describe('by an anchor it is found', () => {
  beforeEach(() => fill());

  test('that the end was cut off', async () => {
    const anchor = await chainHead(db);
    await tamper(() =>
      db
        .deleteFrom('audit_log')
        .where('seq', '>', LENGTH - 2)
        .execute(),
    );
    expect(await verify()).toEqual({ entries: LENGTH - 2 });
    expect((await verify(anchor)).problem).toEqual({ kind: 'cut_off', seq: LENGTH - 1 });
  });

  test('that the end was written anew', async () => {
    const anchor = await chainHead(db);
    await tamper(() => db.deleteFrom('audit_log').where('seq', '=', LENGTH).execute());
    await append();
    expect(await verify()).toEqual({ entries: LENGTH });
    expect((await verify(anchor)).problem).toEqual({ kind: 'written_anew', seq: LENGTH });
  });

  test('nothing, when entries only came in after it', async () => {
    const anchor = await chainHead(db);
    await append();
    expect(await verify(anchor)).toEqual({ entries: LENGTH + 1 });
  });
});
