import type { JsonObject } from '@bufbuild/protobuf';
import { ConsentPurpose } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import type { Database } from '@irisvue/database';
import { CAPABILITY_HEADER } from '@irisvue/runtime';
import { findArtwork, sourcesOfArtworks } from '../artwork-store.ts';
import { useIn } from '../artworks.ts';
import type { JobRow } from '../change-job.ts';
import { type ConsentClient, requireArtworkPermission, subjectMessage } from '../consents.ts';
import { subjectsOfJob } from '../job-store.ts';
import { findPhoto } from '../photo-store.ts';
import { LeaseLost } from '../queue-store.ts';
import type { JobStepName, JobsDatabase } from '../schema.ts';
import { makeArtwork } from './make-artwork.ts';
import { enhance, removeReflections, segment } from './process-photo.ts';
import type { StepCall, StepEvent, VisionClients } from './step-work.ts';

export interface StepPeers {
  readonly db: Database<JobsDatabase>;
  readonly consent: ConsentClient;
  readonly vision: VisionClients;
}

/** Outcomes of the steps that are done, by step. */
export type Outcomes = Partial<Record<JobStepName, JsonObject>>;

/**
 * Does one step: asks consent for the capability, then hands the step to the service that does it. Throws
 * CONSENT_REQUIRED when a consent or a permission is missing, and whatever the service answers.
 */
export async function* runStep(
  peers: StepPeers,
  job: JobRow,
  step: JobStepName,
  outcomes: Outcomes,
  signal: AbortSignal,
): AsyncGenerator<StepEvent> {
  const call = async (): Promise<StepCall> => {
    const headers = { [CAPABILITY_HEADER]: await capabilityOf(peers, job, step, signal) };
    return { job, signal, headers };
  };
  switch (step) {
    case 'segmenting': {
      const photo = await findPhoto(peers.db, job.photo_id!, job.user_id);
      if (photo === undefined) throw gone(job);
      return yield* segment(peers.vision, photo, await call());
    }
    case 'removing_reflections':
      return yield* removeReflections(peers.vision, outcomeOf(outcomes, 'segmenting'), await call());
    case 'enhancing': {
      const removal = outcomeOf(outcomes, 'removing_reflections');
      return yield* enhance(peers.vision, outcomeOf(outcomes, 'segmenting'), removal, await call());
    }
    case 'blending': {
      const artwork = await findArtwork(peers.db, job.artwork_id!, job.user_id);
      if (artwork === undefined) throw gone(job);
      const sources = await sourcesOfArtworks(peers.db, [artwork.id]);
      await requireArtworkPermission(peers.consent, useIn(artwork, job.kind, sources), signal);
      return yield* makeArtwork(peers.vision, artwork, sources, await call());
    }
    case 'loading':
    case 'saving':
      throw new Error(`${step} is not done by a service`);
    default:
      return step satisfies never;
  }
}

/** The outcome of an earlier step. Throws when its checkpoint is missing, which the order of steps excludes. */
export function outcomeOf(outcomes: Outcomes, step: JobStepName): JsonObject {
  const outcome = outcomes[step];
  if (outcome === undefined) throw new Error(`the checkpoint of ${step} is missing`);
  return outcome;
}

async function capabilityOf(peers: StepPeers, job: JobRow, step: JobStepName, signal: AbortSignal): Promise<string> {
  const subjects = (await subjectsOfJob(peers.db, job.id)).map(subjectMessage);
  const purpose = ConsentPurpose.DATA_PROCESSING;
  // The photo of such a job is its owner's upload; an artwork's photos may be of several uploaders.
  const uploaderId = job.kind === 'process' ? job.user_id : undefined;
  const request = { subjects, purpose, jobId: job.id, step, attempt: job.attempt, uploaderId };
  const { token } = await peers.consent.createStepCapability(request, { signal });
  return token;
}

// Deleted between the claim and the step: the deletion has cancelled the job, so the lease is lost as well.
function gone(job: JobRow): LeaseLost {
  return new LeaseLost({ jobId: job.id, attempt: job.attempt, holder: job.lease_holder ?? '' });
}
