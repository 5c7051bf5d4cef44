import { counter, durations, gauges } from '@irisvue/runtime';
import type { JobHappening } from '../jobs.ts';
import type { JobKindName, JobStepName } from '../schema.ts';
import type { VisionServiceName } from '../steps.ts';
import type { Slots } from './slots.ts';

/** What a runner tells of its work. */
export interface RunnerMetrics extends Disposable {
  /** A step is done, with its checkpoint. */
  stepDone(step: JobStepName, ms: number): void;
  /** An attempt at a job ended: the happening that it was written as, or `lost` when it was not this runner's any more. */
  attemptEnded(kind: JobKindName, outcome: JobHappening['type'] | 'lost'): void;
}

const SERVICES: readonly VisionServiceName[] = ['segmentation', 'enhancement', 'fusion'];

/** Measures a runner: steps, attempts, and the slots of each service as it sees them. */
export function runnerMetrics(slots: Pick<Slots, 'room'>): RunnerMetrics {
  const steps = durations(
    'irisvue_step_seconds',
    'Time of a step with its wait for a slot and its checkpoint, in seconds.',
  );
  const attempts = counter('irisvue_job_attempts_total', 'Attempts at jobs, by how they ended.');
  const seen = gauges(
    {
      irisvue_runner_slots: 'Slots of a service as this runner knows them; 0 while it does not answer.',
      irisvue_runner_free_slots: 'Slots of a service that this runner would claim for.',
      irisvue_runner_waiting: 'Jobs that this runner holds and that wait for a slot of the service.',
    },
    () =>
      SERVICES.flatMap((service) => {
        const { slots: all, free, waiting } = slots.room(service);
        const labels = { service };
        return [
          { name: 'irisvue_runner_slots', labels, value: all },
          { name: 'irisvue_runner_free_slots', labels, value: free },
          { name: 'irisvue_runner_waiting', labels, value: waiting },
        ] as const;
      }),
  );
  return {
    stepDone: (step, ms) => steps(ms, { step }),
    attemptEnded: (kind, outcome) => attempts({ kind, outcome }),
    [Symbol.dispose]: () => seen[Symbol.dispose](),
  };
}
