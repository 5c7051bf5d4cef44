import { requestsTable } from '@irisvue/database';
import { outboxTable } from '@irisvue/events';
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await requestsTable(db);
  await outboxTable(db);
  await sql`
    CREATE TABLE photos (
      id uuid PRIMARY KEY,
      user_id uuid NOT NULL,
      subject_id uuid NOT NULL,
      subject_kind text NOT NULL CHECK (subject_kind IN ('self', 'synthetic', 'evaluation')),
      object_key text NOT NULL,
      content_type text NOT NULL,
      size_bytes bigint NOT NULL CHECK (size_bytes > 0),
      sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
      upload_status text NOT NULL DEFAULT 'pending' CHECK (upload_status IN ('pending', 'uploaded')),
      width int,
      height int,
      created_at timestamptz NOT NULL,
      deleted_at timestamptz,
      sweep_at timestamptz,
      sweeps smallint NOT NULL DEFAULT 0
    )`.execute(db);
  await sql`CREATE INDEX photos_of_user ON photos (user_id, id DESC) WHERE deleted_at IS NULL`.execute(db);
  await sql`CREATE INDEX photos_awaited ON photos (created_at) WHERE upload_status = 'pending' AND deleted_at IS NULL`.execute(
    db,
  );
  await sql`CREATE INDEX photos_to_sweep ON photos (sweep_at) WHERE sweep_at IS NOT NULL`.execute(db);

  await sql`
    CREATE TABLE artworks (
      id uuid PRIMARY KEY,
      creator_id uuid NOT NULL,
      spec jsonb NOT NULL,
      method text,
      thumbnail jsonb,
      link_epoch int NOT NULL DEFAULT 0,
      created_at timestamptz NOT NULL,
      completed_at timestamptz,
      deleted_at timestamptz
    )`.execute(db);
  await sql`CREATE INDEX artworks_of_creator ON artworks (creator_id, id DESC) WHERE deleted_at IS NULL`.execute(db);

  await sql`
    CREATE TABLE artwork_sources (
      artwork_id uuid NOT NULL REFERENCES artworks,
      position smallint NOT NULL,
      photo_id uuid NOT NULL REFERENCES photos,
      owner_id uuid NOT NULL,
      picture jsonb NOT NULL,
      geometry jsonb,
      PRIMARY KEY (artwork_id, position)
    )`.execute(db);
  await sql`CREATE INDEX artwork_sources_of_photo ON artwork_sources (photo_id)`.execute(db);

  // Room on each page lets a lease be renewed without touching an index.
  await sql`
    CREATE TABLE jobs (
      id uuid PRIMARY KEY,
      user_id uuid NOT NULL,
      kind text NOT NULL CHECK (kind IN ('process', 'fuse', 'compose')),
      photo_id uuid REFERENCES photos,
      artwork_id uuid REFERENCES artworks,
      status text NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled')),
      step text,
      next_step text NOT NULL,
      progress smallint NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
      revision bigint NOT NULL,
      attempt int NOT NULL DEFAULT 0,
      retries smallint NOT NULL DEFAULT 0,
      crashes smallint NOT NULL DEFAULT 0,
      job_class smallint NOT NULL,
      priority smallint NOT NULL CHECK (priority BETWEEN 0 AND 9),
      available_at timestamptz NOT NULL DEFAULT now(),
      lease_holder text,
      lease_expires_at timestamptz,
      error_type text CHECK (error_type IN ('quality_issue', 'transient_error', 'server_error')),
      error_message text,
      suggestion text,
      rejection jsonb,
      geometry jsonb,
      quality_score double precision,
      measures jsonb,
      result jsonb,
      result_geometry jsonb,
      mask jsonb,
      result_width int,
      result_height int,
      link_epoch int NOT NULL DEFAULT 0,
      traceparent text,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      started_at timestamptz,
      ended_at timestamptz,
      deleted_at timestamptz,
      sweep_at timestamptz,
      sweeps smallint NOT NULL DEFAULT 0,
      CHECK ((photo_id IS NULL) <> (artwork_id IS NULL)),
      CHECK ((status = 'processing') = (lease_holder IS NOT NULL AND lease_expires_at IS NOT NULL))
    ) WITH (fillfactor = 70)`.execute(db);
  await sql`CREATE INDEX jobs_to_claim ON jobs (job_class, priority DESC, created_at) WHERE status = 'pending'`.execute(
    db,
  );
  await sql`CREATE INDEX jobs_running ON jobs (user_id) WHERE status = 'processing'`.execute(db);
  await sql`CREATE INDEX jobs_by_revision ON jobs (user_id, revision)`.execute(db);
  await sql`CREATE INDEX jobs_of_user ON jobs (user_id, id DESC) WHERE deleted_at IS NULL`.execute(db);
  await sql`CREATE INDEX jobs_of_photo ON jobs (photo_id, id DESC)`.execute(db);
  await sql`CREATE INDEX jobs_of_artwork ON jobs (artwork_id)`.execute(db);
  await sql`CREATE INDEX jobs_to_sweep ON jobs (sweep_at) WHERE sweep_at IS NOT NULL`.execute(db);

  await sql`
    CREATE TABLE job_subjects (
      job_id uuid NOT NULL REFERENCES jobs,
      subject_id uuid NOT NULL,
      subject_kind text NOT NULL,
      PRIMARY KEY (job_id, subject_id, subject_kind)
    )`.execute(db);
  await sql`CREATE INDEX jobs_of_subject ON job_subjects (subject_id, subject_kind)`.execute(db);

  await sql`
    CREATE TABLE job_steps (
      job_id uuid NOT NULL REFERENCES jobs,
      step text NOT NULL,
      attempt int NOT NULL,
      outcome jsonb NOT NULL,
      provenance jsonb,
      duration_ms int NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (job_id, step)
    )`.execute(db);

  await sql`CREATE TABLE turns (user_id uuid PRIMARY KEY, served_at timestamptz NOT NULL)`.execute(db);
  await revisionTrigger(db);
}

/**
 * Every visible change of a job gets the next revision and wakes the watchers of its owner. A revision is drawn while
 * the owner's lock is held, and the lock is held until commit: so the revisions of one user become visible in the
 * order of their numbers, and a reader that has seen n never misses a smaller one. A sequence alone would not do: it
 * hands out numbers in the order of the statements, not of the commits.
 *
 * A transaction that changes several jobs first locks their rows (ordered by id), then changes them.
 */
async function revisionTrigger(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE SEQUENCE job_revisions`.execute(db);
  await sql`
    CREATE FUNCTION stamp_job_revision() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_advisory_xact_lock(hashtextextended(NEW.user_id::text, 0));
      NEW.revision := nextval('job_revisions');
      NEW.updated_at := clock_timestamp();
      PERFORM pg_notify('jobs_changed', NEW.user_id || ' ' || NEW.id || ' ' || NEW.status);
      RETURN NEW;
    END $$`.execute(db);
  await sql`
    CREATE TRIGGER jobs_revision BEFORE INSERT OR UPDATE OF status, step, progress, attempt ON jobs
    FOR EACH ROW EXECUTE FUNCTION stamp_job_revision()`.execute(db);
}
