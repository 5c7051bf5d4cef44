import type { Database } from '@irisvue/database';
import type { PermissionState } from '../artwork/schema.ts';
import type { ConsentTables } from '../schema.ts';
import { jurisdictionOf } from './consent-facts.ts';
import type { RecordedEvent, RecordFacts } from './record-facts.ts';

const STATES: Readonly<Record<PermissionState, RecordedEvent['state']>> = {
  requested: 'requested',
  granted: 'given',
  denied: 'refused',
  withdrawn: 'withdrawn',
};

/** What is known about the artwork permission event with this id; undefined when it is none. */
export async function artworkFacts(db: Database<ConsentTables>, id: string): Promise<RecordFacts | undefined> {
  const event = await db.selectFrom('artwork_permission_events').selectAll().where('id', '=', id).executeTakeFirst();
  if (event === undefined) return undefined;
  const history = await db
    .selectFrom('artwork_permission_events')
    .select(['state', 'expires_at', 'created_at'])
    .where('permission_id', '=', event.permission_id)
    .where('seq', '<=', event.seq)
    .orderBy('seq')
    .execute();
  const { owner_principal_id: owner, creator_principal_id: creator } = event;
  return {
    id: event.id,
    principalId: owner,
    holder: event.state === 'requested' ? creator : owner,
    purpose: 'artwork_use',
    jurisdiction: await jurisdictionOf(db, owner, 'data_processing', event.created_at),
    recipients: event.recipients,
    scope: {
      grantee: creator,
      photo_id: event.photo_id ?? undefined,
      artwork_id: event.artwork_id ?? undefined,
      circle_id: event.circle_id ?? undefined,
      artwork_purpose: event.purpose ?? undefined,
    },
    events: history.map(({ state, expires_at, created_at }) => ({
      at: created_at,
      state: STATES[state],
      type: 'explicit',
      entity: state === 'requested' ? creator : owner,
      until: expires_at ?? undefined,
    })),
  };
}
