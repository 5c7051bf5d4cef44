import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { AuditAction, AuditOutcome } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { type AuditEntry, AuditProblem, AuditService } from '@irisvue/contracts/irisvue/privacy/v1/audit_service';
import { newId } from '@irisvue/database';
import { type Audited, recordAudit } from '@irisvue/events';
import { USER_AUDIENCE } from '@irisvue/runtime';
import { until } from '@irisvue/testing';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { subjectDigest, type WithTombstones } from '../../src/tombstones.ts';
import { refusal } from '../refusal.ts';
import { type StartedConsent, startConsent } from '../started-consent.ts';

const HOUR_MS = 3_600_000;

let consent: StartedConsent;
beforeAll(async () => {
  consent = await startConsent();
});
afterAll(() => consent[Symbol.asyncDispose]());

function audit(token: string) {
  return createClient(
    AuditService,
    createConnectTransport({
      baseUrl: consent.url,
      httpVersion: '1.1',
      interceptors: [
        (next) => (request) => {
          request.header.set('Authorization', `Bearer ${token}`);
          return next(request);
        },
      ],
    }),
  );
}
const asUser = async (userId: string) => audit(await consent.userToken(userId));
const asOperator = async () => {
  const claims = { sid: newId(), role: 'operator' };
  return audit(await consent.sign({ audience: USER_AUDIENCE, subject: newId(), claims, lifetimeMs: HOUR_MS }));
};
/** Tells of something as a service does, and waits until the log has it. */
async function tell(audited: Partial<Audited>): Promise<AuditEntry> {
  const photo = newId();
  await consent.db.transaction().execute((trx) =>
    recordAudit(trx, {
      service: 'jobs',
      action: AuditAction.PHOTO_STORED,
      time: new Date('2026-11-21T12:00:00.250Z'),
      resources: { photo },
      ...audited,
    }),
  );
  const operator = await asOperator();
  const find = async () => {
    const { entries } = await operator.listAuditEntries({ pageSize: 250 });
    return entries.find((entry) => entry.resources.some(({ id }) => id === photo));
  };
  return await until(find, { what: 'that the log has it' });
}
const self = (id: string) => ({ id, kind: SubjectKind.SELF });

test('what a service tells is an entry that names people by their principals', async () => {
  const uploader = newId();
  const subject = newId();
  await tell({ userId: uploader, subjects: [self(subject)] });
  const { entries } = await (await asUser(subject)).listAuditEntries({});
  expect(entries).toHaveLength(1);
  expect(entries[0]).toMatchObject({
    service: 'jobs',
    action: AuditAction.PHOTO_STORED,
    outcome: AuditOutcome.DONE,
    asOperator: false,
    resources: [{ type: 'photo' }],
  });
  expect(entries[0]!.actor).toMatch(/^principal:[0-9a-f-]{36}$/);
  const { rows } = await sql<{ count: number }>`
    SELECT count(*) FROM audit_log WHERE entry LIKE ${`%${uploader}%`} OR entry LIKE ${`%${subject}%`}`.execute(
    consent.db,
  );
  expect(rows[0]!.count).toBe(0);
});

test('a user sees the entries as actor and as subject, and nobody else’s', async () => {
  const [uploader, subject, stranger] = [newId(), newId(), newId()];
  await tell({ userId: uploader, subjects: [self(subject)] });
  await tell({ userId: stranger });
  for (const [userId, seen] of [
    [uploader, 1],
    [subject, 1],
    [stranger, 1],
    [newId(), 0],
  ] as const) {
    expect((await (await asUser(userId)).listAuditEntries({})).entries).toHaveLength(seen);
  }
});

test('pages hold each entry once', async () => {
  const user = newId();
  for (let count = 0; count < 3; count += 1) await tell({ userId: user });
  const api = await asUser(user);
  const first = await api.listAuditEntries({ pageSize: 2 });
  const second = await api.listAuditEntries({ pageSize: 2, pageToken: first.nextPageToken });
  expect([...first.entries, ...second.entries]).toHaveLength(3);
  expect(new Set([...first.entries, ...second.entries].map((entry) => entry.seq)).size).toBe(3);
  expect(second.nextPageToken).toBe('');
  expect((await refusal(api.listAuditEntries({ pageToken: 'x' }))).reason).toBe('INVALID_FIELD');
});

test('an entry about somebody who was erased brings no principal back', async () => {
  const user = newId();
  const db = consent.db.$extendTables<{ tombstones: WithTombstones['tombstones'] }>();
  const now = new Date();
  await db
    .insertInto('tombstones')
    .values({
      subject_sha256: subjectDigest({ id: user, kind: 'self' }),
      erasure_id: newId(),
      blocked_at: now,
      erased_at: now,
    })
    .execute();
  expect(await tell({ userId: user, subjects: [self(user)] })).toMatchObject({ actor: 'erased', subjects: [] });
  expect(await db.selectFrom('principals').where('subject_id', '=', user).select('subject_id').execute()).toEqual([]);
});

test('only an operator verifies and anchors', async () => {
  const user = await asUser(newId());
  for (const call of [user.verifyAuditLog({}), user.getAuditAnchor({})]) {
    expect(await refusal(call)).toMatchObject({ reason: 'NOT_ALLOWED', metadata: { needed: 'operator' } });
  }
});

test('an anchor is signed, and tells whether the log still holds what it held', async () => {
  const operator = await asOperator();
  await tell({});
  const { anchor } = await operator.getAuditAnchor({});
  expect(decodeProtectedHeader(anchor)).toMatchObject({ alg: 'EdDSA', typ: 'irisvue-audit-anchor+jws' });
  await tell({});
  expect((await operator.verifyAuditLog({ anchor })).problem).toBe(AuditProblem.UNSPECIFIED);

  const { seq, hash } = decodeJwt<{ seq: number; hash: string }>(anchor);
  const forged = anchor.replace(/\.[^.]+\./, `.${Buffer.from(JSON.stringify({ seq, hash })).toString('base64url')}.`);
  for (const no of [forged, 'x', `${anchor}x`]) {
    expect((await operator.verifyAuditLog({ anchor: no })).problem).toBe(AuditProblem.ANCHOR_FORGED);
  }

  await sql`ALTER TABLE audit_log DISABLE TRIGGER append_only`.execute(consent.db);
  await sql`DELETE FROM audit_log WHERE seq >= ${seq}`.execute(consent.db);
  await sql`ALTER TABLE audit_log ENABLE TRIGGER append_only`.execute(consent.db);
  expect((await operator.verifyAuditLog({})).problem).toBe(AuditProblem.UNSPECIFIED);
  // Entries of tests beside this one may have come in since.
  const found = await operator.verifyAuditLog({ anchor });
  expect([AuditProblem.CUT_OFF, AuditProblem.WRITTEN_ANEW]).toContain(found.problem);
  expect(found.seq).toBe(BigInt(seq));
});
