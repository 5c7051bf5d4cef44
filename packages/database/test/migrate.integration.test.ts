import path from 'node:path';
import { ErrorReason, errorDetail } from '@irisvue/runtime';
import { sql } from 'kysely';
import { afterEach, describe, expect, it } from 'vitest';
import { ensureDatabase, migrate, openDatabase } from '../src/index.ts';
import { dropDatabase, logger, MIGRATIONS, type TestTables, unusedDatabaseUrl } from './test-database.ts';

const made: string[] = [];
afterEach(async () => {
  for (const url of made.splice(0)) await dropDatabase(url);
});

async function emptyDatabase() {
  const url = unusedDatabaseUrl();
  made.push(url);
  await ensureDatabase(url);
  return openDatabase<TestTables>(url, { logger });
}

describe('ensureDatabase', () => {
  it('creates a missing database once, also when two do it at the same time', async () => {
    const url = unusedDatabaseUrl();
    made.push(url);
    await Promise.all([ensureDatabase(url), ensureDatabase(url), ensureDatabase(url)]);
    await ensureDatabase(url);
    await using db = openDatabase<TestTables>(url, { logger });
    const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(db);
    expect(`/${rows[0].name}`).toBe(new URL(url).pathname);
  });

  it('takes a name that needs quotes', async () => {
    const url = unusedDatabaseUrl().replace('test_', 'test%20%22Eye%22-');
    made.push(url.replace(/\/[^/]*$/, (name) => decodeURIComponent(name)));
    await ensureDatabase(url);
    await using db = openDatabase<TestTables>(url, { logger });
    const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(db);
    expect(rows[0].name).toContain('test "Eye"-');
  });

  it('refuses a URL without a name', async () => {
    await expect(ensureDatabase('postgres://127.0.0.1:1/')).rejects.toThrow(TypeError);
  });

  it('says that the database is down', async () => {
    const problem = await ensureDatabase('postgres://127.0.0.1:1/eyes').catch(errorDetail);
    expect(problem).toMatchObject({ reason: ErrorReason.DEPENDENCY_DOWN, metadata: { dependency: 'database' } });
  });
});

describe('migrate', () => {
  it('runs from zero, and finds nothing left the second time', async () => {
    await using db = await emptyDatabase();
    expect(await migrate(db, MIGRATIONS)).toEqual(['001-rows']);
    await db.insertInto('rows').values({ id: 'kept' }).execute();
    expect(await migrate(db, MIGRATIONS)).toEqual([]);
    expect(await db.selectFrom('rows').select('id').execute()).toEqual([{ id: 'kept' }]);
  });

  it('runs once when two processes start at the same time', async () => {
    await using db = await emptyDatabase();
    const ran = await Promise.all([migrate(db, MIGRATIONS), migrate(db, MIGRATIONS)]);
    expect(ran.flat()).toEqual(['001-rows']);
  });

  it('keeps nothing of a run that fails', async () => {
    await using db = await emptyDatabase();
    await expect(migrate(db, path.join(import.meta.dirname, 'migrations-broken'))).rejects.toThrow('nowhere');
    await expect(db.selectFrom('rows').selectAll().execute()).rejects.toThrow('does not exist');
    expect(await migrate(db, MIGRATIONS)).toEqual(['001-rows']);
  });
});
