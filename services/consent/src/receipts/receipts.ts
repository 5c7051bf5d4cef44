import type { Database, Page } from '@irisvue/database';
import { RECEIPT_TYPE } from '@irisvue/receipts';
import type { JSONWebKeySet } from 'jose';
import type { Selectable } from 'kysely';
import type { Evidence } from '../evidence.ts';
import type { Operator } from '../operator.ts';
import { accountOf, findPrincipal } from '../principals.ts';
import type { RetentionPolicies } from '../retention-policies.ts';
import type { ConsentTables, ReceiptsTable } from '../schema.ts';
import { artworkFacts } from './artwork-facts.ts';
import { captureFacts } from './capture-facts.ts';
import { consentFacts } from './consent-facts.ts';
import type { RecordFacts } from './record-facts.ts';
import { recordOf } from './record-of.ts';

export type ReceiptRow = Selectable<ReceiptsTable>;

/** Receipts of what people chose. They are made from the events: one that was cut off is made when it is asked for. */
export interface Receipts {
  /** The receipt of an event: a JWS in compact form, the same bytes each time. Throws an Error for an unknown event. */
  of(eventId: string): Promise<string>;
  /** A user's receipts, newest first, one more than the page holds. */
  list(userId: string, page: Page): Promise<ReceiptRow[]>;
  /** The public keys of all receipts that were ever signed. */
  keySet(): Promise<JSONWebKeySet>;
}

export function createReceipts(o: {
  readonly db: Database<ConsentTables>;
  readonly evidence: Pick<Evidence, 'sign' | 'keySet'>;
  readonly operator: Operator;
  readonly policies: Pick<RetentionPolicies, 'termOf'>;
}): Receipts {
  const { db } = o;
  const stored = (id: string) => db.selectFrom('receipts').selectAll().where('id', '=', id).executeTakeFirst();

  async function receiptOf(eventId: string): Promise<string> {
    const before = await stored(eventId);
    if (before !== undefined) return before.jws;
    const facts = await factsOf(db, eventId);
    if (facts === undefined) throw new Error(`there is no event ${eventId}`);
    await db
      .insertInto('receipts')
      .values({
        id: facts.id,
        holder_principal_id: facts.holder,
        jws: await o.evidence.sign(RECEIPT_TYPE, recordOf(facts, o)),
        event_at: facts.events.at(-1)!.at,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return (await stored(eventId))!.jws;
  }

  return {
    of: receiptOf,
    async list(userId, page) {
      const holder = await findPrincipal(db, accountOf(userId));
      if (holder === undefined) return [];
      for (const id of await eventsWithout(db, holder)) await receiptOf(id);
      let query = db.selectFrom('receipts').selectAll().where('holder_principal_id', '=', holder);
      if (page.last !== undefined) query = query.where('id', '<', page.last);
      return query
        .orderBy('id', 'desc')
        .limit(page.limit + 1)
        .execute();
    },
    keySet: () => o.evidence.keySet(),
  };
}

async function factsOf(db: Database<ConsentTables>, eventId: string): Promise<RecordFacts | undefined> {
  return (await consentFacts(db, eventId)) ?? (await captureFacts(db, eventId)) ?? (await artworkFacts(db, eventId));
}

/** Events of a holder whose receipt was never made: the process ended between the choice and its receipt. */
async function eventsWithout(db: Database<ConsentTables>, holder: string): Promise<string[]> {
  const rows = await db
    .selectFrom(
      db
        .selectFrom('consent_events')
        .select('id')
        .where('given_by', '=', holder)
        .unionAll(db.selectFrom('capture_permission_events').select('id').where('principal_id', '=', holder))
        .unionAll(
          db
            .selectFrom('artwork_permission_events')
            .select('id')
            .where('creator_principal_id', '=', holder)
            .where('state', '=', 'requested'),
        )
        .unionAll(
          db
            .selectFrom('artwork_permission_events')
            .select('id')
            .where('owner_principal_id', '=', holder)
            .where('state', '<>', 'requested'),
        )
        .as('event'),
    )
    .leftJoin('receipts', 'receipts.id', 'event.id')
    .select('event.id')
    .where('receipts.id', 'is', null)
    .execute();
  return rows.map(({ id }) => id);
}
