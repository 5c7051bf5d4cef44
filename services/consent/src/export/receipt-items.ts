import { decodeJwt, type JSONWebKeySet } from 'jose';
import type { ExportItem } from '../privacy/parties.ts';
import type { PrivacyDb } from '../privacy/schema.ts';

/** Where receipts come from: see receipts.ts. */
export interface ExportedReceipts {
  of(eventId: string): Promise<string>;
  keySet(): Promise<JSONWebKeySet>;
}

/** The receipts of a principal's own choices and of those that were made for it, and the keys that verify them. */
export async function* receiptItems(
  db: PrivacyDb,
  receipts: ExportedReceipts,
  principalId: string,
): AsyncGenerator<ExportItem> {
  for (const id of await eventsWithReceipt(db, principalId)) {
    const jws = await receipts.of(id);
    yield { path: `consent/receipts/${id}.jws`, content: { text: `${jws}\n` }, caption: captionOf(jws) };
  }
  const keys = JSON.stringify(await receipts.keySet(), null, 2);
  yield { path: 'consent/receipt-keys.json', content: { text: keys } };
}

async function eventsWithReceipt(db: PrivacyDb, principalId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('consent_events')
    .select('id')
    .where((either) => either.or([either('principal_id', '=', principalId), either('given_by', '=', principalId)]))
    .union(db.selectFrom('capture_permission_events').select('id').where('principal_id', '=', principalId))
    .union(
      db
        .selectFrom('artwork_permission_events')
        .select('id')
        .where('creator_principal_id', '=', principalId)
        .where('state', '=', 'requested'),
    )
    .union(
      db
        .selectFrom('artwork_permission_events')
        .select('id')
        .where('owner_principal_id', '=', principalId)
        .where('state', '<>', 'requested'),
    )
    .orderBy('id')
    .execute();
  return rows.map((row) => row.id);
}

interface ReceiptFacts {
  readonly processing?: ReadonlyArray<{ readonly purpose?: string }>;
  readonly events?: ReadonlyArray<{ readonly state?: string; readonly time?: string }>;
}

/** For example "data_processing: given, 2026-11-21T12:00:00.000Z". The signature is not verified: it was made here. */
function captionOf(jws: string): string {
  const { processing, events } = decodeJwt<ReceiptFacts>(jws);
  const last = events?.at(-1);
  return `${processing?.[0]?.purpose ?? ''}: ${last?.state ?? ''}, ${last?.time ?? ''}`;
}
