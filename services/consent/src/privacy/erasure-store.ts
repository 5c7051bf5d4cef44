import { newId, notify } from '@irisvue/database';
import { sql } from 'kysely';
import type { Subject } from '../subjects.ts';
import type { ErasedPart } from './parties.ts';
import type { ErasureRow, ErasureStateName, PrivacyDb, PrivacyTrx } from './schema.ts';

/** Channel that wakes workers and watchers. */
export const ERASURES_CHANNEL = 'erasures';

/** Whose data an erasure erases: the subject that was asked for, and those that go with it. */
export type ErasureSubject = Subject & { readonly principalId: string };

/** Begins an erasure; the worker does the rest. */
export async function insertErasure(
  trx: PrivacyTrx,
  o: {
    readonly id: string;
    readonly subjectSha256: string;
    readonly subjects: readonly ErasureSubject[];
    readonly now: Date;
  },
): Promise<void> {
  const { id, now } = o;
  const principal_id = o.subjects[0]!.principalId;
  const row = { id, state: 'blocking', subject_sha256: o.subjectSha256, principal_id, created_at: now } as const;
  await trx.insertInto('erasures').values(row).execute();
  await trx
    .insertInto('erasure_subjects')
    .values(
      o.subjects.map((subject) => ({
        erasure_id: id,
        subject_id: subject.id,
        subject_kind: subject.kind,
        principal_id: subject.principalId,
      })),
    )
    .execute();
  await notify(trx, ERASURES_CHANNEL, id);
}

export function findErasure(db: PrivacyDb, id: string): Promise<ErasureRow | undefined> {
  return db.selectFrom('erasures').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Moves an erasure on, or back to erase again. */
export async function setState(
  db: PrivacyDb,
  id: string,
  state: Exclude<ErasureStateName, 'completed'>,
  add: { readonly purged?: number } = {},
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx
      .updateTable('erasures')
      .set((set) => ({ state, purged_messages: sql<number>`${set.ref('purged_messages')} + ${add.purged ?? 0}` }))
      .where('id', '=', id)
      .execute();
    await notify(trx, ERASURES_CHANNEL, id);
  });
}

export async function subjectsOf(db: PrivacyDb, id: string): Promise<ErasureSubject[]> {
  const rows = await db.selectFrom('erasure_subjects').selectAll().where('erasure_id', '=', id).execute();
  return rows.map((row) => ({ id: row.subject_id, kind: row.subject_kind, principalId: row.principal_id }));
}

/** Notes what a service has erased; what it told before is known by its id. */
export async function keepErased(db: PrivacyDb, id: string, service: string, part: ErasedPart): Promise<void> {
  await db.transaction().execute(async (trx) => {
    if (part.objects.length > 0) {
      await trx
        .insertInto('erasure_objects')
        .values(
          part.objects.map((object) => ({
            erasure_id: id,
            id: object.id || newId(),
            service,
            kind: object.kind,
            sha256: object.sha256,
            size_bytes: object.sizeBytes,
          })),
        )
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    for (const work of part.jointWorks) {
      await trx
        .insertInto('erasure_joint_works')
        .values({
          erasure_id: id,
          artwork_id: work.artworkId,
          outcome: work.outcome,
          other_user_ids: [...work.otherUserIds],
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    await trx
      .updateTable('erasures')
      .set((set) => ({ erased_rows: sql<number>`${set.ref('erased_rows')} + ${part.rows}` }))
      .where('id', '=', id)
      .execute();
    await notify(trx, ERASURES_CHANNEL, id);
  });
}
