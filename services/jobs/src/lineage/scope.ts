import type { Database } from '@irisvue/database';
import type { Transaction } from 'kysely';
import type { SubjectRow } from '../job-store.ts';
import type { JobsDatabase } from '../schema.ts';

/**
 * All that goes when a subject goes, by id: photos of the subject, whoever uploaded them; for the holder of an account
 * also all that the account owns; and every artwork that shows one of these photos. Deleted ones are among them.
 */
export interface Scope {
  readonly photoIds: readonly string[];
  /** Jobs that process one of the photos. */
  readonly jobIds: readonly string[];
  readonly artworkIds: readonly string[];
}

/** The user whose account the subject is; undefined for a subject that is not the holder of an account. */
export function holderId(subject: SubjectRow): string | undefined {
  return subject.subject_kind === 'self' ? subject.subject_id : undefined;
}

/** Photos that go with a subject. */
export function photosOf(db: Database<JobsDatabase> | Transaction<JobsDatabase>, subject: SubjectRow) {
  const { subject_id, subject_kind } = subject;
  const userId = holderId(subject);
  return db.selectFrom('photos').where((either) => {
    const shown = either.and({ subject_id, subject_kind });
    return userId === undefined ? shown : either.or([shown, either('user_id', '=', userId)]);
  });
}

/** Artworks that show one of these photos, or are the subject's own. */
export function artworksOf(db: Database<JobsDatabase> | Transaction<JobsDatabase>, subject: SubjectRow) {
  const userId = holderId(subject);
  return db.selectFrom('artworks').where((either) => {
    const shows = either.exists(
      either
        .selectFrom('artwork_sources')
        .whereRef('artwork_sources.artwork_id', '=', 'artworks.id')
        .where('artwork_sources.photo_id', 'in', photosOf(db, subject).select('photos.id')),
    );
    return userId === undefined ? shows : either.or([shows, either('creator_id', '=', userId)]);
  });
}

/** Finds what goes when a subject goes. */
export async function scopeOf(db: Database<JobsDatabase>, subject: SubjectRow): Promise<Scope> {
  const photos = photosOf(db, subject).select('photos.id');
  const jobs = db.selectFrom('jobs').select('jobs.id').where('photo_id', 'in', photos);
  const artworks = artworksOf(db, subject).select('artworks.id');
  const ids = (rows: ReadonlyArray<{ readonly id: string }>) => rows.map((row) => row.id);
  return {
    artworkIds: ids(await artworks.orderBy('artworks.id').execute()),
    jobIds: ids(await jobs.orderBy('jobs.id').execute()),
    photoIds: ids(await photos.orderBy('photos.id').execute()),
  };
}
