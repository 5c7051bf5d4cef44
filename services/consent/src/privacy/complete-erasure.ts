import { notify } from '@irisvue/database';
import type { Clock } from '@irisvue/runtime';
import { appendToChain } from '../audit/audit-chain.ts';
import type { Evidence } from '../evidence.ts';
import { subjectDigest } from '../tombstones.ts';
import { ERASURES_CHANNEL, type ErasureSubject } from './erasure-store.ts';
import { eraseNames, lockPrincipal } from './own-data.ts';
import { closeRequest } from './privacy-requests.ts';
import type { ErasureRow, PrivacyDb } from './schema.ts';

/** `typ` of a certificate. */
export const CERTIFICATE_TYPE = 'irisvue-erasure-certificate+jws';

/**
 * Ends an erasure: signs its certificate, then in one transaction removes what still names the subject, its principal
 * included, and closes the request. Without its row in principals the evidence is about somebody unknown.
 */
export async function completeErasure(
  o: { readonly db: PrivacyDb; readonly evidence: Evidence; readonly clock: Clock },
  erasure: ErasureRow,
  subjects: readonly ErasureSubject[],
  lookedAt: readonly string[],
): Promise<void> {
  const { db, clock } = o;
  const now = clock.now();
  const certificate = await o.evidence.sign(
    CERTIFICATE_TYPE,
    await certificateOf(db, erasure, subjects, lookedAt, now),
  );
  await db.transaction().execute(async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable('erasures')
      .set({ state: 'completed', certificate, completed_at: now, waiting_for: '', leased_by: null, leased_until: null })
      .where('id', '=', erasure.id)
      .where('state', '=', 'verifying')
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) return; // another worker, after this one was taken for dead, was faster
    for (const subject of subjects) {
      await lockPrincipal(trx, subject);
      await eraseNames(trx, subject);
      await trx
        .deleteFrom('principals')
        .where('subject_id', '=', subject.id)
        .where('subject_kind', '=', subject.kind)
        .execute();
      await trx
        .updateTable('tombstones')
        .set({ erased_at: now })
        .where('subject_sha256', '=', subjectDigest(subject))
        .execute();
    }
    await trx.deleteFrom('erasure_subjects').where('erasure_id', '=', erasure.id).execute();
    await closeRequest(trx, erasure.id, now);
    await notify(trx, ERASURES_CHANNEL, erasure.id);
    await appendToChain(trx, {
      id: erasure.id,
      time: now.toISOString(),
      service: 'consent',
      action: 'erasure_completed',
      outcome: 'done',
      actor: 'service:consent',
      operator: false,
      subjects: subjects.map((subject) => subject.principalId),
      resources: [{ type: 'erasure', id: erasure.id }],
    });
  });
}

/** What a certificate says: every object by its hash, joint works, recipients, and where nothing was found. */
async function certificateOf(
  db: PrivacyDb,
  erasure: ErasureRow,
  subjects: readonly ErasureSubject[],
  lookedAt: readonly string[],
  now: Date,
) {
  const objects = await db
    .selectFrom('erasure_objects')
    .select(['service', 'kind', 'sha256', 'size_bytes'])
    .where('erasure_id', '=', erasure.id)
    .orderBy('id')
    .execute();
  const joint_works = await db
    .selectFrom('erasure_joint_works')
    .select(['artwork_id', 'outcome', 'told'])
    .where('erasure_id', '=', erasure.id)
    .orderBy('artwork_id')
    .execute();
  const recipients = await db
    .selectFrom('erasure_recipients')
    .select(['recipient', 'outcome', 'told_at'])
    .where('erasure_id', '=', erasure.id)
    .orderBy('recipient')
    .execute();
  return {
    schema_version: '1',
    erasure_id: erasure.id,
    principal_ids: subjects.map((subject) => subject.principalId),
    requested_at: erasure.created_at.toISOString(),
    completed_at: now.toISOString(),
    objects,
    joint_works,
    recipients,
    purged_messages: erasure.purged_messages,
    looked_at: lookedAt,
  };
}
