import { newId, openDatabase } from '@irisvue/database';
import { createLogger } from '@irisvue/runtime';
import { createTestDatabase } from '@irisvue/testing';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { up as before } from '../migrations/001-photos-jobs-artworks.ts';
import { up } from '../migrations/003-lineage.ts';

test('what was stored before there was lineage gets rows, parents and subjects', async () => {
  await using database = await createTestDatabase('empty', async () => {});
  const db = openDatabase<unknown>(database.url, { logger: createLogger({ service: 'test', level: 'silent' }) });
  try {
    await before(db);
    const [user, photo, job, artwork, making] = [newId(), newId(), newId(), newId(), newId()];
    const sha = 'a'.repeat(64);
    const ref = (key: string) => JSON.stringify({ key, sha256: sha, size_bytes: '7', content_type: 'image/jpeg' });
    const [original, result] = [`photos/${user}/${photo}`, `processed/${user}/${job}/1.jpg`];
    await sql`INSERT INTO photos (id, user_id, subject_id, subject_kind, object_key, content_type, size_bytes, sha256,
      upload_status, created_at) VALUES (${photo}, ${user}, ${user}, 'self', ${original}, 'image/jpeg', 9, ${sha},
      'uploaded', now())`.execute(db);
    await sql`INSERT INTO artworks (id, creator_id, spec, thumbnail, created_at)
      VALUES (${artwork}, ${user}, '{}', ${ref(`fusion/${artwork}/1_thumb.jpg`)}::jsonb, now())`.execute(db);
    await sql`INSERT INTO artwork_sources (artwork_id, position, photo_id, owner_id, picture)
      VALUES (${artwork}, 0, ${photo}, ${user}, ${ref(result)}::jsonb)`.execute(db);
    await sql`INSERT INTO jobs (id, user_id, kind, photo_id, status, next_step, job_class, priority, attempt, result, mask)
      VALUES (${job}, ${user}, 'process', ${photo}, 'completed', 'saving', 1, 5, 1, ${ref(result)}::jsonb,
      ${ref(`processed/${user}/${job}/1_mask.png`)}::jsonb)`.execute(db);
    await sql`INSERT INTO jobs (id, user_id, kind, artwork_id, status, next_step, job_class, priority, attempt, result)
      VALUES (${making}, ${user}, 'compose', ${artwork}, 'completed', 'saving', 2, 5, 1,
      ${ref(`fusion/${artwork}/1.jpg`)}::jsonb)`.execute(db);
    await sql`INSERT INTO job_subjects VALUES (${job}, ${user}, 'self'), (${making}, ${user}, 'self')`.execute(db);
    await up(db);
    const { rows } = await sql<{ key: string; kind: string; parents: string[]; subjects: string[] }>`
      SELECT key, kind,
        ARRAY(SELECT parent_key FROM artifact_parents p WHERE p.key = a.key) AS parents,
        ARRAY(SELECT subject_id::text FROM artifact_subjects s WHERE s.key = a.key) AS subjects
      FROM artifacts a ORDER BY key`.execute(db);
    expect(rows).toEqual([
      { key: `fusion/${artwork}/1.jpg`, kind: 'artwork', parents: [result], subjects: [user] },
      { key: `fusion/${artwork}/1_thumb.jpg`, kind: 'thumbnail', parents: [result], subjects: [user] },
      { key: original, kind: 'photo', parents: [], subjects: [user] },
      { key: result, kind: 'result', parents: [original], subjects: [user] },
      { key: `processed/${user}/${job}/1_mask.png`, kind: 'mask', parents: [original], subjects: [user] },
    ]);
  } finally {
    await db.destroy();
  }
});
