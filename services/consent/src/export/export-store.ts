import { notify } from '@irisvue/database';
import { sql } from 'kysely';
import type { ExportRow, PrivacyDb, PrivacyTrx } from '../privacy/schema.ts';
import type { Subject } from '../subjects.ts';
import type { ArchiveLanguage } from './words.ts';

/** Channel that wakes workers. */
export const EXPORTS_CHANNEL = 'exports';

const UNDER_WAY = ['pending', 'packing'] as const;

/** Begins an export; the worker does the rest. */
export async function insertExport(
  trx: PrivacyTrx,
  o: {
    readonly id: string;
    readonly userId: string;
    readonly subject: Subject;
    readonly principalId: string;
    readonly language: ArchiveLanguage;
    readonly now: Date;
  },
): Promise<void> {
  await trx
    .insertInto('exports')
    .values({
      id: o.id,
      user_id: o.userId,
      subject_id: o.subject.id,
      subject_kind: o.subject.kind,
      principal_id: o.principalId,
      language: o.language,
      state: 'pending',
      created_at: o.now,
    })
    .execute();
  await notify(trx, EXPORTS_CHANNEL, o.id);
}

export function findExport(db: PrivacyDb, id: string): Promise<ExportRow | undefined> {
  return db.selectFrom('exports').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The export of a subject that this user asked for and that is not packed yet. */
export async function exportUnderWay(trx: PrivacyTrx, userId: string, subject: Subject): Promise<string | undefined> {
  const row = await trx
    .selectFrom('exports')
    .select('id')
    .where('user_id', '=', userId)
    .where('subject_id', '=', subject.id)
    .where('subject_kind', '=', subject.kind)
    .where('state', 'in', UNDER_WAY)
    .executeTakeFirst();
  return row?.id;
}

/** Puts archives of a subject that this user had packed before out of reach. */
export async function deleteEarlier(trx: PrivacyTrx, userId: string, subject: Subject): Promise<void> {
  await trx
    .updateTable('exports')
    .set({ state: 'deleted' })
    .where('user_id', '=', userId)
    .where('subject_id', '=', subject.id)
    .where('subject_kind', '=', subject.kind)
    .where('state', '=', 'completed')
    .execute();
}

/** Stops an export or puts its archive out of reach; harmless when it is. */
export async function deleteExport(trx: PrivacyTrx, id: string): Promise<void> {
  await trx
    .updateTable('exports')
    .set({ state: 'deleted', leased_by: null, leased_until: null, waiting_for: '' })
    .where('id', '=', id)
    .where('state', 'in', [...UNDER_WAY, 'completed'])
    .execute();
}

/** Begins a try to pack; gives its number. Undefined: the export is not this worker's any more. */
export async function beginAttempt(db: PrivacyDb, id: string, worker: string): Promise<number | undefined> {
  const row = await db
    .updateTable('exports')
    .set((set) => ({ state: 'packing', attempt: sql<number>`${set.ref('attempt')} + 1`, files: 0, waiting_for: '' }))
    .where('id', '=', id)
    .where('leased_by', '=', worker)
    .where('state', 'in', UNDER_WAY)
    .returning('attempt')
    .executeTakeFirst();
  return row?.attempt;
}

/** Notes how far a worker is. */
export async function noteFiles(
  db: PrivacyDb,
  { id, worker }: { readonly id: string; readonly worker: string },
  files: { readonly expected_files: number } | { readonly files: number },
): Promise<void> {
  await db.updateTable('exports').set(files).where('id', '=', id).where('leased_by', '=', worker).execute();
}

/** An archive is packed; false when its export was deleted, blocked or taken over meanwhile. */
export async function completeExport(
  trx: PrivacyTrx,
  o: {
    readonly id: string;
    readonly worker: string;
    readonly attempt: number;
    readonly files: number;
    readonly sizeBytes: number;
    readonly sha256: string;
    readonly now: Date;
    readonly expiresAt: Date;
  },
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('exports')
    .set({
      ...{ state: 'completed', files: o.files, size_bytes: o.sizeBytes, sha256: o.sha256 },
      ...{ completed_at: o.now, expires_at: o.expiresAt, leased_by: null, leased_until: null, waiting_for: '' },
    })
    .where('id', '=', o.id)
    .where('state', '=', 'packing')
    .where('leased_by', '=', o.worker)
    .where('attempt', '=', o.attempt)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Ends all links to an archive that were handed out so far. */
export async function endLinks(trx: PrivacyTrx, id: string): Promise<void> {
  await trx
    .updateTable('exports')
    .set((set) => ({ link_epoch: sql<number>`${set.ref('link_epoch')} + 1` }))
    .where('id', '=', id)
    .execute();
}

/** Puts archives whose time is over out of reach; gives how many. */
export async function expireExports(db: PrivacyDb, now: Date): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('exports')
    .set({ state: 'deleted' })
    .where('state', '=', 'completed')
    .where('expires_at', '<=', now)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}
