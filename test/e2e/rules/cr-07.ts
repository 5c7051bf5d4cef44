import { ConsentService } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { expect, test } from 'vitest';
import { ended, submit } from '../person.ts';
import { type Citizen, consentingCitizen, DATA_PROCESSING, statusOf, upload, withdraw } from './people.ts';
import { scene } from './scene.ts';

/** What consent's contract states: work of the subject stops within this time. */
const BOUND_MS = 2_000;

test('CR-07: withdrawing is one call that asks for less than granting does', () => {
  const { grantConsent, withdrawConsent } = ConsentService.method;
  const asked = withdrawConsent.input.fields.map((field) => field.name);
  const toGrant = grantConsent.input.fields.map((field) => field.name);
  expect(toGrant).toEqual(expect.arrayContaining(asked));
  expect(asked).toEqual(['request_id', 'subject', 'purpose']);
});

/** The first of these jobs that a runner works on. */
async function firstRunning(person: Citizen, jobIds: string[]): Promise<string> {
  for await (const { job } of person.jobs.watchJobs({ jobIds }))
    if (job!.status === JobStatus.PROCESSING) return job!.id;
  throw new Error('all jobs ended before one was seen to run');
}

/** Stops processes of the mesh from doing anything until it is disposed of. */
async function paused(...names: string[]): Promise<AsyncDisposable> {
  const processes = await Promise.all(names.map((name) => scene().mesh.process(name)));
  for (const { pid } of processes) process.kill(pid, 'SIGSTOP');
  return {
    async [Symbol.asyncDispose]() {
      for (const { pid } of processes) process.kill(pid, 'SIGCONT');
    },
  };
}

test('CR-07: running and queued work of that subject stops within two seconds, nobody else’s does', async () => {
  const [person, other] = await Promise.all([consentingCitizen(), consentingCitizen()]);
  const [done] = await ended(person, await submit(person, await upload(person, 1)));
  expect(await statusOf(done!.links!.resultUrl)).toBe(200);
  const photos = [2, 3, 4, 5, 6, 7].map((seed) => upload(person, seed));
  const mine = await submit(person, ...(await Promise.all(photos)));
  const [others] = await submit(other, await upload(other, 8));

  const running = await firstRunning(person, mine);
  const stopped = new Map<string, { readonly status: JobStatus; readonly afterMs: number }>();
  {
    // No step ends by itself from here on, and none is begun: what stops, stops because of the withdrawal.
    await using _ = await paused('segmentation', 'enhancement');
    const withdrawnAt = performance.now();
    await withdraw(person, DATA_PROCESSING);
    const signal = AbortSignal.timeout(5 * BOUND_MS);
    try {
      for await (const { job } of person.jobs.watchJobs({ jobIds: mine }, { signal }))
        stopped.set(job!.id, { status: job!.status, afterMs: performance.now() - withdrawnAt });
    } catch (error) {
      if (!signal.aborted) throw error; // what has not stopped by now shows below
    }
  }
  expect([...stopped.keys()].toSorted()).toEqual(mine.toSorted());
  expect(mine).toContain(running);
  for (const { status, afterMs } of stopped.values()) {
    expect(status).toBe(JobStatus.CANCELLED);
    expect(afterMs).toBeLessThan(BOUND_MS);
  }
  expect(await statusOf(done!.links!.resultUrl)).toBeGreaterThanOrEqual(400);
  expect((await ended(other, [others!]))[0]!.status).toBe(JobStatus.COMPLETED);
});
