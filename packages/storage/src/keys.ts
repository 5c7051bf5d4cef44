/**
 * The one key layout. Ids are UUIDs; an attempt is the number of a claim on a job, from 1. Objects are written under
 * the attempt's key and only the holder of the current attempt points its row at them, so a late writer overwrites
 * nothing. All that belongs to a user, a job or an artwork lies under one prefix, which is what a sweep or an erasure
 * deletes.
 *
 *     photos/{user}/{photo}                      what was uploaded, as it came
 *     processed/{user}/{job}/{attempt}.jpg       the result of a processing job
 *     processed/{user}/{job}/{attempt}_mask.png  its mask, of the photo's size
 *     work/{user}/{job}/{attempt}/{name}         between two steps; swept after the job ended
 *     fusion/{artwork}/{attempt}.jpg             an artwork
 *     fusion/{artwork}/{attempt}_thumb.jpg       its thumbnail
 *     exports/{subject}/{export}/{attempt}.zip   all that is held about a subject, packed for that person
 */

/** The bytes of a photo as they were uploaded. */
export function photoKey(userId: string, photoId: string): string {
  return `${photosPrefix(userId)}${photoId}`;
}

/** The result of a processing job: JPEG. */
export function resultKey(userId: string, jobId: string, attempt: number): string {
  return `${resultsPrefix(userId, jobId)}${attempt}.jpg`;
}

/** The mask of a processing job: PNG of the photo's size. */
export function maskKey(userId: string, jobId: string, attempt: number): string {
  return `${resultsPrefix(userId, jobId)}${attempt}_mask.png`;
}

/** What one step of an attempt leaves for the next; `name` as in `crop.png`. */
export function workKey(userId: string, jobId: string, attempt: number, name: string): string {
  return `${workAttemptPrefix(userId, jobId, attempt)}${name}`;
}

/** An artwork: JPEG. */
export function artworkKey(artworkId: string, attempt: number): string {
  return `${artworkPrefix(artworkId)}${attempt}.jpg`;
}

/** The thumbnail of an artwork: JPEG. */
export function artworkThumbnailKey(artworkId: string, attempt: number): string {
  return `${artworkPrefix(artworkId)}${attempt}_thumb.jpg`;
}

/** An archive of what is held about a subject: ZIP. */
export function exportKey(subjectId: string, exportId: string, attempt: number): string {
  return `${exportPrefix(subjectId, exportId)}${attempt}.zip`;
}

/** Every photo of a user. */
export function photosPrefix(userId: string): string {
  return `photos/${userId}/`;
}

/** Every result of a user. */
export function userResultsPrefix(userId: string): string {
  return `processed/${userId}/`;
}

/** Results and masks of all attempts of a job. */
export function resultsPrefix(userId: string, jobId: string): string {
  return `${userResultsPrefix(userId)}${jobId}/`;
}

/** Everything between two steps of a user's jobs. */
export function userWorkPrefix(userId: string): string {
  return `work/${userId}/`;
}

/** Everything between two steps of a job, all attempts. */
export function workPrefix(userId: string, jobId: string): string {
  return `${userWorkPrefix(userId)}${jobId}/`;
}

/** Everything between two steps of one attempt. */
export function workAttemptPrefix(userId: string, jobId: string, attempt: number): string {
  return `${workPrefix(userId, jobId)}${attempt}/`;
}

/** An artwork and its thumbnails, all attempts. */
export function artworkPrefix(artworkId: string): string {
  return `fusion/${artworkId}/`;
}

/** An archive, all attempts to pack it. */
export function exportPrefix(subjectId: string, exportId: string): string {
  return `${exportsPrefix(subjectId)}${exportId}/`;
}

/** Every archive about a subject. */
export function exportsPrefix(subjectId: string): string {
  return `exports/${subjectId}/`;
}

/** The top folders, for a sweep that looks for objects that no row points at. */
export const TOP_PREFIXES = ['photos/', 'processed/', 'work/', 'fusion/', 'exports/'] as const;
