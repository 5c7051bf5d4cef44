import type { Database } from '@irisvue/database';
import { gauges, type Reading } from '@irisvue/runtime';
import { sql } from 'kysely';
import { JobClassRank, type JobStepName, type JobsDatabase } from './schema.ts';
import { STEPS_OF_KIND, serviceOfStep } from './steps.ts';

const DOCS = {
  irisvue_queue_jobs: 'Jobs that wait, by class and the step that is next.',
  irisvue_queue_oldest_seconds: 'Longest time that one of them could have been claimed, in seconds; 0 without any.',
  irisvue_queue_running: 'Jobs that a runner holds, by class and the step that it does.',
} as const;
type Name = keyof typeof DOCS;

const STEPS: readonly JobStepName[] = [...new Set(Object.values(STEPS_OF_KIND).flat())];

/** Measures the queue. Every replica tells the same numbers: take the largest, not their sum. */
export function queueMetrics(db: Database<JobsDatabase>): Disposable {
  return gauges(DOCS, () => readQueue(db));
}

/**
 * The queue now: three readings for each class and step, also where there is nothing. The label `service` names who
 * does the step ("none" for what needs no slot). What may not be claimed yet does not wait.
 */
export async function readQueue(db: Database<JobsDatabase>): Promise<Reading<Name>[]> {
  const { rows } = await sql<{
    job_class: number;
    next_step: JobStepName;
    waiting: number;
    oldest: number;
    running: number;
  }>`
    SELECT job_class, next_step,
      count(*) FILTER (WHERE status = 'pending')::int AS waiting,
      coalesce(max(extract(epoch FROM now() - available_at)) FILTER (WHERE status = 'pending'), 0)::float8 AS oldest,
      count(*) FILTER (WHERE status = 'processing')::int AS running
    FROM jobs WHERE status = 'processing' OR (status = 'pending' AND available_at <= now())
    GROUP BY job_class, next_step`.execute(db);
  return Object.entries(JobClassRank).flatMap(([jobClass, rank]) =>
    STEPS.flatMap((step) => {
      const row = rows.find((each) => each.job_class === rank && each.next_step === step);
      const labels = { job_class: jobClass, step, service: serviceOfStep(step) ?? 'none' };
      return [
        { name: 'irisvue_queue_jobs', labels, value: row?.waiting ?? 0 },
        { name: 'irisvue_queue_oldest_seconds', labels, value: row?.oldest ?? 0 },
        { name: 'irisvue_queue_running', labels, value: row?.running ?? 0 },
      ] as const;
    }),
  );
}
