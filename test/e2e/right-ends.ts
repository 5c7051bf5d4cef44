import { createHash } from 'node:crypto';
import { type Job, JobStatus, JobStep } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { expect } from 'vitest';
import { ended, type Person } from './person.ts';

/** SHA-256 of a completed job's result and mask, fetched by its links, in hexadecimal. */
export async function resultDigest(job: Job): Promise<string> {
  const hash = createHash('sha256');
  for (const url of [job.links!.resultUrl, job.links!.maskUrl]) {
    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    hash.update(Buffer.from(await answer.arrayBuffer()));
  }
  return hash.digest('hex');
}

/**
 * Waits until the jobs have ended and holds that each did so right: completed, every step done once, and the bytes of an
 * undisturbed run, whose digests are given by photo.
 */
export async function expectRightEnds(
  person: Person,
  jobIds: readonly string[],
  undisturbed: ReadonlyMap<string, string>,
): Promise<void> {
  for (const job of await ended(person, jobIds)) {
    expect(job, job.errorMessage).toMatchObject({ status: JobStatus.COMPLETED, progress: 100 });
    expect(job.steps.map(({ step }) => step)).toEqual([
      JobStep.SEGMENTING,
      JobStep.REMOVING_REFLECTIONS,
      JobStep.ENHANCING,
    ]);
    expect(await resultDigest(job)).toBe(undisturbed.get(job.photoId));
  }
}
