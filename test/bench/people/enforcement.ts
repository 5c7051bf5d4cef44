import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  ConsentCheckService,
  ConsentPurpose,
  SubjectKind,
} from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { JobStatus, JobStep } from '@irisvue/contracts/irisvue/jobs/v1/job';
import {
  CAPABILITY_HEADER,
  capabilityVerifier,
  createServiceClient,
  type SpanLine,
  systemClock,
} from '@irisvue/runtime';
import { ended, type Person, submit, uploadBytes } from '../../e2e/person.ts';
import { median } from '../median.ts';
import type { ConsentPlace } from './permissions.ts';
import { latencies } from './rate.ts';

const VERIFICATIONS = 400;
const FETCH = 'irisvue.consent.v1.ConsentCheckService/CreateStepCapability';
const STEPS: Partial<Record<JobStep, string>> = {
  [JobStep.SEGMENTING]: 'segmenting',
  [JobStep.REMOVING_REFLECTIONS]: 'removing reflections',
  [JobStep.ENHANCING]: 'enhancing',
};

/** What permission costs each step of a job. All in milliseconds, medians. */
export interface EnforcementFigures {
  /** From asking consent to having the capability, as jobs saw it while the steps ran. */
  readonly fetchMs: number;
  /** Checking the capability where the step is done, without the call around it. */
  readonly verifyMs: number;
  /** Each step as the runner saw it; the fetch is part of it. */
  readonly steps: Readonly<Record<string, number>>;
}

/** Runs one photo `runs` times, and once before to warm the slots. `traceFile` is what the mesh writes its spans into. */
export async function measureEnforcement(
  { consentUrl, token }: Pick<ConsentPlace, 'consentUrl' | 'token'>,
  person: Person,
  o: { readonly photo: Uint8Array; readonly runs: number; readonly traceFile: string },
): Promise<EnforcementFigures> {
  const photoId = await uploadBytes(person, o.photo);
  await runOnce(person, photoId);
  const warm = (await fetchTimes(o.traceFile)).length;
  const steps: Record<string, number[]> = {};
  for (let i = 0; i < o.runs; i++) {
    for (const { step, durationMs } of await runOnce(person, photoId)) {
      const name = STEPS[step];
      if (name !== undefined) (steps[name] ??= []).push(Number(durationMs));
    }
  }
  const fetched = (await fetchTimes(o.traceFile)).slice(warm);

  const work = { jobId: randomUUID(), step: 'segmenting', attempt: 1 };
  const capability = await createServiceClient(ConsentCheckService, { url: consentUrl, token }).createStepCapability({
    ...work,
    subjects: [{ id: person.account.userId, kind: SubjectKind.SYNTHETIC }],
    purpose: ConsentPurpose.DATA_PROCESSING,
  });
  const verify = capabilityVerifier({ clock: systemClock, consentUrl });
  const requestHeader = new Headers({ [CAPABILITY_HEADER]: capability.token });
  const verified = await latencies(() => verify({ requestHeader }, work), VERIFICATIONS);
  return {
    fetchMs: median(fetched),
    verifyMs: median(verified),
    steps: Object.fromEntries(Object.entries(steps).map(([name, times]) => [name, median(times)])),
  };
}

async function runOnce(person: Person, photoId: string) {
  const [job] = await ended(person, await submit(person, photoId));
  if (job?.status !== JobStatus.COMPLETED) throw new Error(`the job did not complete: ${job?.errorMessage}`);
  return job.steps;
}

/** How long each fetch of a capability took, in the order they ended. */
async function fetchTimes(traceFile: string): Promise<number[]> {
  const lines = (await readFile(traceFile, 'utf8')).trim().split('\n');
  return lines
    .map((line) => JSON.parse(line) as SpanLine)
    .filter(({ service, kind, name }) => service === 'jobs' && kind === 'CLIENT' && name === FETCH)
    .map(({ start, end }) => Date.parse(end) - Date.parse(start));
}
