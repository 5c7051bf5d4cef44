import type { Database } from '@irisvue/database';
import type { ConsentTables } from '../schema.ts';
import { jurisdictionOf } from './consent-facts.ts';
import type { RecordFacts } from './record-facts.ts';

/** What is known about the capture permission event with this id; undefined when it is none. */
export async function captureFacts(db: Database<ConsentTables>, id: string): Promise<RecordFacts | undefined> {
  const event = await db.selectFrom('capture_permission_events').selectAll().where('id', '=', id).executeTakeFirst();
  if (event === undefined) return undefined;
  const history = await db
    .selectFrom('capture_permission_events')
    .select(['state', 'created_at'])
    .where('principal_id', '=', event.principal_id)
    .where('uploader_principal_id', '=', event.uploader_principal_id)
    .where('seq', '<=', event.seq)
    .orderBy('seq', 'desc')
    .limit(event.state === 'withdrawn' ? 2 : 1)
    .execute();
  return {
    id: event.id,
    principalId: event.principal_id,
    holder: event.principal_id,
    purpose: 'capture_by_another',
    jurisdiction: await jurisdictionOf(db, event.principal_id, 'biometric_capture', event.created_at),
    recipients: [],
    scope: { grantee: event.uploader_principal_id },
    events: history.toReversed().map(({ state, created_at }) => ({
      at: created_at,
      state: state === 'granted' ? 'given' : 'withdrawn',
      type: 'explicit',
      entity: event.principal_id,
    })),
  };
}
