import { newId, once, type Page, type RequestKey } from '@irisvue/database';
import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import { sql } from 'kysely';
import type { JurisdictionName } from '../consent-enums.ts';
import { clocksOf } from './request-clocks.ts';
import type { PrivacyDb, PrivacyRequestEventsTable, PrivacyRequestRow, PrivacyTrx } from './schema.ts';

/** Closed requests are kept so long (CR-12; Cal. Code Regs. tit. 11, § 7101). */
const KEEP_MONTHS = 24;

/** A request with its log. */
export interface LoggedRequest extends PrivacyRequestRow {
  readonly events: ReadonlyArray<{ readonly what: PrivacyRequestEventsTable['what']; readonly happened_at: Date }>;
}

/** Requests of people about their data, their clocks and their log. */
export interface PrivacyRequests {
  /** Newest first, one more than the page holds; with `userId` those alone about this user or a subject of the same id. */
  list(page: Page, userId?: string): Promise<LoggedRequest[]>;
  /** Prolongs an open request, once. NOT_FOUND; TERM_NOT_EXTENDABLE {id}. */
  extend(id: string, request: RequestKey): Promise<LoggedRequest>;
  /** Forgets requests that were closed 24 months ago; gives how many. Any number of replicas may do so at once. */
  forgetOld(): Promise<number>;
}

/** Logs a request that came in; the answer confirms it at once. Gives its id. */
export async function insertRequest(
  trx: PrivacyTrx,
  o: {
    readonly kind: PrivacyRequestRow['kind'];
    readonly principalId: string;
    readonly jurisdiction: JurisdictionName;
    readonly now: Date;
  },
): Promise<string> {
  const { now } = o;
  const id = newId();
  const clocks = clocksOf(o.jurisdiction, now);
  await trx
    .insertInto('privacy_requests')
    .values({
      id,
      kind: o.kind,
      principal_id: o.principalId,
      jurisdiction: o.jurisdiction,
      created_at: now,
      confirm_due_at: clocks.confirmDue ?? null,
      confirmed_at: now,
      due_at: clocks.due,
    })
    .execute();
  const log = (what: PrivacyRequestEventsTable['what']) => ({ request_id: id, what, happened_at: now });
  await trx
    .insertInto('privacy_request_events')
    .values([log('received'), log('confirmed')])
    .execute();
  return id;
}

/** Closes a request that is done. */
export async function closeRequest(trx: PrivacyTrx, id: string, now: Date): Promise<void> {
  await trx.updateTable('privacy_requests').set({ completed_at: now }).where('id', '=', id).execute();
  await trx
    .insertInto('privacy_request_events')
    .values({ request_id: id, what: 'completed', happened_at: now })
    .execute();
}

/** Closes those of the requests that are open, because whoever made them does not want them any more. */
export async function withdrawRequests(trx: PrivacyTrx, ids: readonly string[], now: Date): Promise<void> {
  if (ids.length === 0) return;
  const open = await trx
    .updateTable('privacy_requests')
    .set({ completed_at: now })
    .where('id', 'in', ids)
    .where('completed_at', 'is', null)
    .returning('id')
    .execute();
  for (const { id } of open) {
    await trx
      .insertInto('privacy_request_events')
      .values({ request_id: id, what: 'withdrawn', happened_at: now })
      .execute();
  }
}

/** The residence that a subject declared last; nothing declared: the strictest. */
export async function jurisdictionOf(trx: PrivacyTrx, principalId: string): Promise<JurisdictionName> {
  const last = await trx
    .selectFrom('consent_events')
    .select('jurisdiction')
    .where('principal_id', '=', principalId)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last?.jurisdiction ?? 'strictest';
}

export function createPrivacyRequests(o: { readonly db: PrivacyDb; readonly clock: Clock }): PrivacyRequests {
  const { db, clock } = o;
  return {
    async list(page, userId) {
      let query = db.selectFrom('privacy_requests').selectAll();
      if (userId !== undefined) {
        query = query.where('principal_id', 'in', (of) =>
          of.selectFrom('principals').select('principal_id').where('subject_id', '=', userId),
        );
      }
      if (page.last !== undefined) query = query.where('id', '<', page.last);
      const rows = await query
        .orderBy('id', 'desc')
        .limit(page.limit + 1)
        .execute();
      return withEvents(db, rows);
    },

    async extend(id, request) {
      return db.transaction().execute(async (trx) => {
        await once(trx, request, async () => {
          const row = await trx
            .selectFrom('privacy_requests')
            .selectAll()
            .where('id', '=', id)
            .forUpdate()
            .executeTakeFirst();
          if (row === undefined) throw noSuchRequest(id);
          if (row.completed_at !== null || row.extended_at !== null) {
            const message = 'the request is closed, or its term was prolonged before';
            throw new DomainError(ErrorReason.TERM_NOT_EXTENDABLE, message, { id });
          }
          const now = clock.now();
          const { extendedDue } = clocksOf(row.jurisdiction, row.created_at);
          await trx
            .updateTable('privacy_requests')
            .set({ due_at: extendedDue, extended_at: now })
            .where('id', '=', id)
            .execute();
          await trx
            .insertInto('privacy_request_events')
            .values({ request_id: id, what: 'extended', happened_at: now })
            .execute();
          return id;
        });
        const rows = await trx.selectFrom('privacy_requests').selectAll().where('id', '=', id).execute();
        return (await withEvents(trx, rows))[0]!;
      });
    },

    async forgetOld() {
      const { numDeletedRows } = await db
        .deleteFrom('privacy_requests')
        .where('completed_at', '<', sql<Date>`${clock.now()}::timestamptz - ${KEEP_MONTHS} * interval '1 month'`)
        .executeTakeFirst();
      return Number(numDeletedRows);
    },
  };
}

async function withEvents(db: PrivacyDb, rows: readonly PrivacyRequestRow[]): Promise<LoggedRequest[]> {
  if (rows.length === 0) return [];
  const events = await db
    .selectFrom('privacy_request_events')
    .select(['request_id', 'what', 'happened_at'])
    .where(
      'request_id',
      'in',
      rows.map((row) => row.id),
    )
    .orderBy('seq')
    .execute();
  return rows.map((row) => ({ ...row, events: events.filter((event) => event.request_id === row.id) }));
}

function noSuchRequest(id: string): DomainError {
  return new DomainError(ErrorReason.NOT_FOUND, 'there is no such request', { resource: 'privacy request', id });
}
