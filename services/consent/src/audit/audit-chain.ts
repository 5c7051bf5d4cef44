import { sql } from 'kysely';
import { type AuditRecord, NO_HASH, writeEntry } from './audit-entry.ts';
import type { AuditDb, AuditTrx, StoredEntry } from './schema.ts';

// "irisvue" and "audit" as bytes, cut to 63 bits: any number that nothing else in the database locks.
const WRITER_LOCK = '7597105467521623408';
const BATCH = 1_000;

/** The end of the chain. */
export interface ChainHead {
  /** 0 while the log is empty. */
  readonly seq: number;
  readonly hash: string;
}

/**
 * Adds an entry to the chain; one that came before, by its id, is left as it is. Writers wait for each other from here
 * to the end of their transactions, so this comes last in one.
 */
export async function appendToChain(trx: AuditTrx, record: AuditRecord): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(${WRITER_LOCK}::bigint)`.execute(trx);
  const known = await trx.selectFrom('audit_log').select('seq').where('event_id', '=', record.id).executeTakeFirst();
  if (known !== undefined) return;
  const head = await chainHead(trx);
  const seq = head.seq + 1;
  const { text, hash } = writeEntry({ ...record, seq, previous: head.hash });
  await trx.insertInto('audit_log').values({ seq, event_id: record.id, entry: text, hash }).execute();
}

/** The end of the chain. */
export async function chainHead(db: AuditDb): Promise<ChainHead> {
  const last = await db
    .selectFrom('audit_log')
    .select(['seq', 'hash'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last ?? { seq: 0, hash: NO_HASH };
}

/** The chain from its first entry, in order of places; read in batches, so that it never lies in memory whole. */
export async function* readChain(db: AuditDb): AsyncIterable<StoredEntry> {
  let after: number | undefined;
  for (;;) {
    let query = db.selectFrom('audit_log').selectAll().orderBy('seq').limit(BATCH);
    if (after !== undefined) query = query.where('seq', '>', after);
    const rows = await query.execute();
    yield* rows;
    after = rows.at(-1)?.seq;
    if (rows.length < BATCH) return;
  }
}

/** Entries that name one of these principals, or all without `principals`; newest first, below the place `before`. */
export async function listChain(
  db: AuditDb,
  o: { readonly principals?: readonly string[]; readonly before?: number; readonly limit: number },
): Promise<StoredEntry[]> {
  let query = db.selectFrom('audit_log').selectAll().orderBy('seq', 'desc').limit(o.limit);
  if (o.before !== undefined) query = query.where('seq', '<', o.before);
  if (o.principals !== undefined) {
    const named = o.principals.flatMap((id) => [
      sql<boolean>`entry::jsonb -> 'subjects' ? ${id}`,
      sql<boolean>`entry::jsonb ->> 'actor' = ${`principal:${id}`}`,
    ]);
    query = query.where((where) => where.or(named));
  }
  return query.execute();
}
