import { create } from '@bufbuild/protobuf';
import { StepCompletedSchema } from '@irisvue/contracts/irisvue/jobs/v1/events';
import type { Database } from '@irisvue/database';
import { appendEvent } from '@irisvue/events';
import { sql } from 'kysely';
import { changeJob, fromNow, type JobRow, type Lease, lockJob } from './change-job.ts';
import { JOB_STEPS } from './job-enums.ts';
import type { JobHappening } from './jobs.ts';
import { recordStep } from './lineage/step-artifacts.ts';
import { isJobBlocked } from './lineage/tombstones.ts';
import type { JobStepName, JobsDatabase } from './schema.ts';
import { serviceOfStep } from './steps.ts';

/** The lease was lost: another runner has the job, or it was cancelled. Whatever was still to be written is void. */
export class LeaseLost extends Error {
  constructor(lease: Lease) {
    super(`attempt ${lease.attempt} of job ${lease.jobId} no longer holds its lease`);
    this.name = 'LeaseLost';
  }
}

/**
 * Claims the most urgent job whose next step is one of `steps`: by class, then priority, then the user with the fewest
 * running jobs, then the one who was not served for the longest time, then age. Runners that claim at the same time
 * skip each other's rows. Gives the job with its new attempt number; undefined when there is none.
 */
export async function claimJob(
  db: Database<JobsDatabase>,
  o: { readonly holder: string; readonly leaseMs: number; readonly steps: readonly JobStepName[] },
): Promise<JobRow | undefined> {
  if (o.steps.length === 0) return undefined;
  return await db.transaction().execute(async (trx) => {
    const found = await sql<{ id: string; user_id: string }>`
      SELECT j.id, j.user_id FROM jobs j
      LEFT JOIN (SELECT user_id, count(*) AS jobs FROM jobs WHERE status = 'processing' GROUP BY user_id) running
        ON running.user_id = j.user_id
      LEFT JOIN turns ON turns.user_id = j.user_id
      WHERE j.status = 'pending' AND j.available_at <= now() AND j.next_step = ANY(${o.steps})
      ORDER BY j.job_class, j.priority DESC, coalesce(running.jobs, 0), turns.served_at NULLS FIRST, j.created_at, j.id
      LIMIT 1 FOR UPDATE OF j SKIP LOCKED`.execute(trx);
    const next = found.rows[0];
    if (next === undefined) return undefined;
    const job = await trx
      .updateTable('jobs')
      .set({
        status: 'processing',
        attempt: sql`attempt + 1`,
        lease_holder: o.holder,
        lease_expires_at: fromNow(o.leaseMs),
        started_at: sql`coalesce(started_at, now())`,
      })
      .where('id', '=', next.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    await trx
      .insertInto('turns')
      .values({ user_id: next.user_id, served_at: sql`clock_timestamp()` })
      .onConflict((conflict) => conflict.column('user_id').doUpdateSet({ served_at: sql`clock_timestamp()` }))
      .execute();
    return job;
  });
}

/** Renews the leases of `holder` on jobs `ids`; gives those that it still holds. */
export async function renewLeases(
  db: Database<JobsDatabase>,
  o: { readonly holder: string; readonly leaseMs: number; readonly ids: readonly string[] },
): Promise<ReadonlyArray<{ readonly id: string; readonly attempt: number }>> {
  return await db
    .updateTable('jobs')
    .set({ lease_expires_at: fromNow(o.leaseMs) })
    .where('id', 'in', o.ids)
    .where('lease_holder', '=', o.holder)
    .where('status', '=', 'processing')
    .returning(['id', 'attempt'])
    .execute();
}

/** Records how far the job is, in percent. Never lowers it; a lost lease writes nothing. */
export async function writeProgress(
  db: Database<JobsDatabase>,
  lease: Lease,
  at: { readonly step: JobStepName; readonly progress: number },
): Promise<void> {
  await db
    .updateTable('jobs')
    .set({ step: at.step, progress: at.progress })
    .where('id', '=', lease.jobId)
    .where('attempt', '=', lease.attempt)
    .where('lease_holder', '=', lease.holder)
    .where('status', '=', 'processing')
    .where('progress', '<', at.progress)
    .execute();
}

/** A finished step, as it is kept. */
export interface Checkpoint {
  readonly step: JobStepName;
  readonly nextStep: JobStepName;
  /** Progress of the job once the step is done, in percent. */
  readonly progress: number;
  readonly durationMs: number;
  /** The step's answer, and its provenance where it has one: messages as JSON text. */
  readonly outcome: string;
  readonly provenance?: string;
  /** Size of the photo after orientation, once a step has decoded it. */
  readonly photo?: { readonly id: string; readonly width: number; readonly height: number };
}

/**
 * Keeps a finished step and the lineage of what it stored, so that a crash resumes behind it, and announces it. Harmless
 * to repeat. Throws LeaseLost, also when a subject of the job is erased.
 */
export async function saveCheckpoint(db: Database<JobsDatabase>, lease: Lease, done: Checkpoint): Promise<void> {
  await db.transaction().execute(async (trx) => {
    if (done.photo !== undefined) {
      const { id, width, height } = done.photo;
      await trx
        .updateTable('photos')
        .set({ width, height })
        .where('id', '=', id)
        .where('deleted_at', 'is', null)
        .execute();
    }
    const job = await lockJob(trx, lease);
    if (job === undefined || (await isJobBlocked(trx, job))) throw new LeaseLost(lease);
    const kept = await trx
      .insertInto('job_steps')
      .values({
        job_id: lease.jobId,
        step: done.step,
        attempt: lease.attempt,
        outcome: done.outcome,
        provenance: done.provenance ?? null,
        duration_ms: Math.round(done.durationMs),
      })
      .onConflict((conflict) => conflict.columns(['job_id', 'step']).doNothing())
      .executeTakeFirst();
    // Kept already: the database committed, and its answer was lost with the connection.
    if (kept.numInsertedOrUpdatedRows === 0n) return;
    await recordStep(trx, job, { step: done.step, outcome: JSON.parse(done.outcome) });
    // A step that needs a slot is shown once it has one; one that needs none has begun.
    const step = serviceOfStep(done.nextStep) === undefined ? done.nextStep : done.step;
    await trx
      .updateTable('jobs')
      .set({
        step,
        next_step: done.nextStep,
        progress: Math.max(job.progress, done.progress),
        // What is done had all that it needed: an outage, if there was one, is over.
        out_since: null,
        retries: 0,
      })
      .where('id', '=', lease.jobId)
      .execute();
    const event = { jobId: lease.jobId, step: JOB_STEPS[done.step], attempt: lease.attempt };
    await appendEvent(trx, StepCompletedSchema, create(StepCompletedSchema, event));
  });
}

/** Lets something happen to a job that the lease holds. Throws LeaseLost. */
export async function changeLeasedJob(
  db: Database<JobsDatabase>,
  lease: Lease,
  happening: JobHappening,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    if ((await changeJob(trx, lease, happening)) === undefined) throw new LeaseLost(lease);
  });
}

/** Frees the jobs whose lease has expired: their runner crashed. Gives how many. */
export async function releaseExpiredLeases(db: Database<JobsDatabase>): Promise<number> {
  for (let released = 0; ; released += 1) {
    const found = await db.transaction().execute(async (trx) => {
      const job = await trx
        .selectFrom('jobs')
        .select('id')
        .where('status', '=', 'processing')
        .where('lease_expires_at', '<', sql<Date>`now()`)
        .limit(1)
        .forUpdate()
        .skipLocked()
        .executeTakeFirst();
      return job && (await changeJob(trx, { jobId: job.id }, { type: 'crashed' }));
    });
    if (found === undefined) return released;
  }
}
