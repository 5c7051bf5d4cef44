import { type Database, newId, openDatabase } from '@irisvue/database';
import { createLogger } from '@irisvue/runtime';
import { createTestDatabase } from '@irisvue/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { up as createTables } from '../migrations/0001-notices-consents-permissions.ts';
import { up as introducePrincipals } from '../migrations/0002-principals.ts';
import { up as addPolicies } from '../migrations/0003-policies-and-signatures.ts';
import { up as scopePermissions } from '../migrations/0006-scoped-permissions.ts';
import { type StartedConsent, startConsent } from './started-consent.ts';

describe('evidence (CR-13)', () => {
  let consent: StartedConsent;
  beforeAll(async () => {
    consent = await startConsent();
  });
  afterAll(() => consent[Symbol.asyncDispose]());

  const principalOf = (userId: string) =>
    consent.db
      .selectFrom('principals')
      .selectAll()
      .where('subject_id', '=', userId)
      .where('subject_kind', '=', 'self')
      .executeTakeFirstOrThrow();

  test('names a principal, which one table alone maps to the account', async () => {
    const user = await consent.user({ 'x-forwarded-for': '203.0.113.9' });
    await user.grant();
    await user.withdraw();
    await user.api.grantArtworkPermission({ requestId: newId(), photoId: newId(), creatorId: newId() });
    const { principal_id } = await principalOf(user.id);
    expect(principal_id).not.toBe(user.id);
    for (const table of ['consent_events', 'notices_served', 'artwork_permission_events', 'event_addresses']) {
      const { rows } = await sql`SELECT * FROM ${sql.table(table)}`.execute(consent.db);
      expect(rows.length, table).toBeGreaterThan(0);
      expect(JSON.stringify(rows), table).not.toContain(user.id);
    }
  });

  test('outlives the person: without the row that says who it was, it stays and tells of nobody', async () => {
    const user = await consent.user({ 'x-forwarded-for': '203.0.113.10' });
    await user.grant();
    const { principal_id } = await principalOf(user.id);
    const events = () =>
      consent.db.selectFrom('consent_events').selectAll().where('principal_id', '=', principal_id).execute();
    const before = await events();
    await consent.db
      .deleteFrom('event_addresses')
      .where(
        'event_id',
        'in',
        before.map((event) => event.id),
      )
      .execute();
    await consent.db.deleteFrom('principals').where('principal_id', '=', principal_id).execute();
    expect(await events()).toEqual(before);
    expect((await user.api.listConsents({})).consents).toEqual([]);
    const checks = consent.checks(await consent.serviceToken('jobs'));
    expect((await checks.checkConsent({ subjects: [user.subject], purpose: 2 })).pending).toHaveLength(1);

    await user.grant();
    expect((await principalOf(user.id)).principal_id).not.toBe(principal_id);
  });

  test('keeps an address beside the event: it can be removed, and never changed', async () => {
    const user = await consent.user({ 'x-forwarded-for': '203.0.113.11' });
    const granted = await user.grant();
    const address = sql`event_addresses WHERE event_id = ${granted.id}`;
    const change = sql`UPDATE event_addresses SET ip_address = '203.0.113.12' WHERE event_id = ${granted.id}`;
    await expect(change.execute(consent.db)).rejects.toThrow(/only ever added/);
    expect((await sql`SELECT host(ip_address) AS ip FROM ${address}`.execute(consent.db)).rows).toEqual([
      { ip: '203.0.113.11' },
    ]);
    expect((await sql`DELETE FROM ${address}`.execute(consent.db)).numAffectedRows).toBe(1n);
  });
});

test('events that named people are taken over under principals, in their order', async () => {
  const old = await tablesWithNames();
  await using _ = { [Symbol.asyncDispose]: old.dispose };
  const [alice, bob, notice] = [newId(), newId(), 'a'.repeat(64)];
  const [served, first, second, permitted, photo] = [newId(), newId(), newId(), newId(), newId()];
  await sql`INSERT INTO notices (sha256, id, version, body) VALUES (${notice}, 'x', '1', 'text')`.execute(old.db);
  await sql`INSERT INTO notices_served VALUES (${served}, ${alice}, ${notice}, now())`.execute(old.db);
  await sql`
    INSERT INTO consent_events (id, subject_id, subject_kind, purpose, jurisdiction, state, notice_served_id,
      notice_sha256, ip_address, created_at)
    VALUES
      (${second}, ${alice}, 'self', 'marketing', 'gdpr', 'granted', ${served}, ${notice}, '203.0.113.1', now()),
      (${first}, ${alice}, 'self', 'marketing', 'gdpr', 'withdrawn', NULL, NULL, NULL, now())`.execute(old.db);
  await sql`
    INSERT INTO artwork_permission_events (id, photo_id, owner_id, creator_id, state, created_at)
    VALUES
      (${permitted}, ${photo}, ${alice}, ${bob}, 'granted', now()),
      (${newId()}, ${photo}, ${alice}, ${bob}, 'withdrawn', now())`.execute(old.db);

  for (const up of [introducePrincipals, addPolicies, scopePermissions]) await old.db.transaction().execute(up);

  const { rows: who } = await sql<{ principal_id: string; subject_id: string }>`SELECT * FROM principals`.execute(
    old.db,
  );
  const principal = (id: string) => who.find((row) => row.subject_id === id)!.principal_id;
  const rows = async (table: string) =>
    (await sql<Record<string, unknown>>`SELECT * FROM ${sql.table(table)}`.execute(old.db)).rows;
  expect(await rows('consent_events')).toMatchObject([
    { id: second, seq: 1, principal_id: principal(alice), given_by: principal(alice), state: 'granted' },
    { id: first, seq: 2, principal_id: principal(alice), state: 'withdrawn' },
  ]);
  expect(await rows('event_addresses')).toEqual([{ event_id: second, ip_address: '203.0.113.1' }]);
  expect(await rows('notices_served')).toMatchObject([{ id: served, principal_id: principal(alice) }]);
  expect(await rows('artwork_permission_events')).toMatchObject([
    { permission_id: permitted, owner_principal_id: principal(alice), creator_principal_id: principal(bob) },
    { permission_id: permitted, state: 'withdrawn', photo_id: photo },
  ]);
  expect(await rows('consents')).toMatchObject([{ subject_id: alice, granted: false, id: first }]);
  await expect(sql`DELETE FROM consent_events`.execute(old.db)).rejects.toThrow(/only ever added/);
});

/** A database as it was before there were principals. */
async function tablesWithNames() {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const database = await createTestDatabase('consent_with_names', async (url) => {
    const db = openDatabase<unknown>(url, { logger });
    await db.transaction().execute(createTables);
    await db.destroy();
  });
  const db: Database<unknown> = openDatabase(database.url, { logger });
  return {
    db,
    async dispose() {
      await db.destroy();
      await database[Symbol.asyncDispose]();
    },
  };
}
