import type { Database } from '@irisvue/database';
import { type Kysely, sql } from 'kysely';
import type { ConsentTables } from '../schema.ts';

/** A capture permission as it stands: the latest event of one subject and one uploader. */
export interface CapturePermissionRow {
  readonly id: string;
  readonly subject_id: string;
  readonly uploader_id: string;
  readonly state: 'granted' | 'withdrawn';
  readonly created_at: Date;
  /** When it was last given. */
  readonly granted_at: Date;
}

/** The event by which a subject permits an uploader now; undefined when it does not. */
export async function standingPermission(
  db: Kysely<ConsentTables>,
  subjectId: string,
  uploaderId: string,
): Promise<{ readonly id: string } | undefined> {
  const latest = await db
    .selectFrom('capture_permission_events as event')
    .innerJoin('principals as subject', 'subject.principal_id', 'event.principal_id')
    .innerJoin('principals as uploader', 'uploader.principal_id', 'event.uploader_principal_id')
    .select(['event.id', 'event.state'])
    .where('subject.subject_id', '=', subjectId)
    .where('subject.subject_kind', '=', 'self')
    .where('uploader.subject_id', '=', uploaderId)
    .where('uploader.subject_kind', '=', 'self')
    .orderBy('event.seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return latest?.state === 'granted' ? latest : undefined;
}

/** What a subject permitted, newest first. */
export function permissionsOf(db: Database<ConsentTables>, subjectId: string): Promise<CapturePermissionRow[]> {
  return latest(db).where('latest.subject_id', '=', subjectId).execute();
}

/** What an uploader was permitted, newest first. */
export function permissionsTo(db: Database<ConsentTables>, uploaderId: string): Promise<CapturePermissionRow[]> {
  return latest(db).where('latest.uploader_id', '=', uploaderId).execute();
}

/** How the permission that an event is about stands now. */
export async function permissionOfEvent(db: Database<ConsentTables>, eventId: string): Promise<CapturePermissionRow> {
  const { subject_id, uploader_id } = await db
    .selectFrom('capture_permission_events as event')
    .innerJoin('principals as subject', 'subject.principal_id', 'event.principal_id')
    .innerJoin('principals as uploader', 'uploader.principal_id', 'event.uploader_principal_id')
    .select(['subject.subject_id as subject_id', 'uploader.subject_id as uploader_id'])
    .where('event.id', '=', eventId)
    .executeTakeFirstOrThrow();
  return latest(db)
    .where('latest.subject_id', '=', subject_id)
    .where('latest.uploader_id', '=', uploader_id)
    .executeTakeFirstOrThrow();
}

function latest(db: Database<ConsentTables>) {
  const events = db
    .selectFrom('capture_permission_events as event')
    .innerJoin('principals as subject', 'subject.principal_id', 'event.principal_id')
    .innerJoin('principals as uploader', 'uploader.principal_id', 'event.uploader_principal_id')
    .distinctOn(['subject.subject_id', 'uploader.subject_id'])
    .select(['event.id', 'event.seq', 'event.state', 'event.created_at'])
    .select(['subject.subject_id as subject_id', 'uploader.subject_id as uploader_id'])
    .select(
      sql<Date>`max(event.created_at) FILTER (WHERE event.state = 'granted')
        OVER (PARTITION BY subject.subject_id, uploader.subject_id)`.as('granted_at'),
    )
    .orderBy('subject.subject_id')
    .orderBy('uploader.subject_id')
    .orderBy('event.seq', 'desc');
  return db
    .selectFrom(events.as('latest'))
    .select(['id', 'subject_id', 'uploader_id', 'state', 'created_at', 'granted_at'])
    .orderBy('seq', 'desc');
}
