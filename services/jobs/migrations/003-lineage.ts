import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE artifacts (
      key text PRIMARY KEY,
      kind text NOT NULL CHECK (kind IN ('photo', 'mask', 'labels', 'crop', 'result', 'artwork', 'thumbnail')),
      sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
      size_bytes bigint NOT NULL,
      photo_id uuid REFERENCES photos,
      job_id uuid REFERENCES jobs,
      artwork_id uuid REFERENCES artworks,
      step text,
      attempt int,
      created_at timestamptz NOT NULL DEFAULT now(),
      erased_at timestamptz
    )`.execute(db);
  await sql`CREATE INDEX artifacts_of_photo ON artifacts (photo_id)`.execute(db);
  await sql`CREATE INDEX artifacts_of_job ON artifacts (job_id)`.execute(db);
  await sql`CREATE INDEX artifacts_of_artwork ON artifacts (artwork_id)`.execute(db);
  await sql`
    CREATE TABLE artifact_parents (
      key text NOT NULL REFERENCES artifacts ON DELETE CASCADE,
      parent_key text NOT NULL REFERENCES artifacts ON DELETE CASCADE,
      PRIMARY KEY (key, parent_key)
    )`.execute(db);
  await sql`CREATE INDEX artifacts_of_parent ON artifact_parents (parent_key)`.execute(db);
  await sql`
    CREATE TABLE artifact_subjects (
      key text NOT NULL REFERENCES artifacts ON DELETE CASCADE,
      subject_id uuid NOT NULL,
      subject_kind text NOT NULL,
      PRIMARY KEY (key, subject_id, subject_kind)
    )`.execute(db);
  await sql`CREATE INDEX artifacts_of_subject ON artifact_subjects (subject_id, subject_kind)`.execute(db);
  await describeWhatIsStored(db);

  // A tombstone outlives the subject, so it names it by a hash only.
  await sql`
    CREATE TABLE blocked_subjects (
      subject_sha256 bytea PRIMARY KEY,
      erasure_id uuid NOT NULL,
      blocked_at timestamptz NOT NULL DEFAULT now()
    )`.execute(db);

  // What an erasure has erased, until whoever asked for it has surely read it. No key: keys name the subject.
  await sql`
    CREATE TABLE erased_objects (
      id uuid PRIMARY KEY,
      erasure_id uuid NOT NULL,
      kind text NOT NULL,
      sha256 text NOT NULL,
      size_bytes bigint NOT NULL,
      erased_at timestamptz NOT NULL DEFAULT now()
    )`.execute(db);
  await sql`CREATE INDEX objects_of_erasure ON erased_objects (erasure_id, id)`.execute(db);
  await sql`
    CREATE TABLE erased_joint_works (
      erasure_id uuid NOT NULL,
      artwork_id uuid NOT NULL,
      outcome text NOT NULL CHECK (outcome IN ('deleted', 'remade')),
      other_user_ids uuid[] NOT NULL,
      erased_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (erasure_id, artwork_id)
    )`.execute(db);

  await sql`ALTER TABLE photos ADD COLUMN delete_at timestamptz, ADD COLUMN term_checked_at timestamptz`.execute(db);
  await sql`
    CREATE INDEX photos_to_purge ON photos (delete_at) WHERE deleted_at IS NULL AND delete_at IS NOT NULL`.execute(db);
  await sql`
    CREATE INDEX photos_of_unchecked_term ON photos (term_checked_at NULLS FIRST) WHERE deleted_at IS NULL`.execute(db);
}

/** Rows for the objects that were stored before there was a table of them. Crops of unfinished jobs are left out. */
async function describeWhatIsStored(db: Kysely<unknown>): Promise<void> {
  await sql`
    INSERT INTO artifacts (key, kind, sha256, size_bytes, photo_id, created_at)
    SELECT object_key, 'photo', sha256, size_bytes, id, created_at FROM photos
    WHERE upload_status = 'uploaded' AND deleted_at IS NULL`.execute(db);
  await sql`
    INSERT INTO artifacts (key, kind, sha256, size_bytes, photo_id, job_id, artwork_id, step, attempt, created_at)
    SELECT made.ref->>'key', made.kind, made.ref->>'sha256', (made.ref->>'size_bytes')::bigint,
      j.photo_id, j.id, j.artwork_id, made.step, j.attempt, coalesce(j.ended_at, j.updated_at)
    FROM jobs j LEFT JOIN artworks a ON a.id = j.artwork_id,
    LATERAL (VALUES
      (j.result, CASE WHEN j.kind = 'process' THEN 'result' ELSE 'artwork' END,
        CASE WHEN j.kind = 'process' THEN 'enhancing' ELSE 'blending' END),
      (j.mask, 'mask', 'segmenting'),
      (a.thumbnail, 'thumbnail', 'blending')) AS made (ref, kind, step)
    WHERE made.ref IS NOT NULL AND j.deleted_at IS NULL`.execute(db);
  await sql`
    INSERT INTO artifact_subjects (key, subject_id, subject_kind)
    SELECT f.key, p.subject_id, p.subject_kind FROM artifacts f JOIN photos p ON p.id = f.photo_id AND f.job_id IS NULL
    UNION
    SELECT f.key, s.subject_id, s.subject_kind FROM artifacts f JOIN job_subjects s ON s.job_id = f.job_id`.execute(db);
  await sql`
    INSERT INTO artifact_parents (key, parent_key)
    SELECT f.key, p.object_key FROM artifacts f
    JOIN photos p ON p.id = f.photo_id JOIN artifacts parent ON parent.key = p.object_key
    WHERE f.job_id IS NOT NULL
    UNION
    SELECT f.key, parent.key FROM artifacts f
    JOIN artwork_sources s ON s.artwork_id = f.artwork_id JOIN artifacts parent ON parent.key = s.picture->>'key'`.execute(
    db,
  );
}
