import type { JsonObject } from '@bufbuild/protobuf';
import {
  ArtworkStep,
  type ComposeResponse,
  type FuseResponse,
  MadeArtworkSchema,
} from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { CompositionSpecSchema, FusionSpecSchema } from '@irisvue/contracts/irisvue/jobs/v1/artwork_service';
import { ObjectRefSchema } from '@irisvue/contracts/irisvue/media/v1/media';
import { artworkKey, artworkThumbnailKey } from '@irisvue/storage';
import type { ArtworkRow, ArtworkSourceRow } from '../artwork-store.ts';
import { sourceMessage } from '../artworks.ts';
import { fromColumn, toColumn } from '../message-column.ts';
import type { JobStepName } from '../schema.ts';
import type { StepCall, StepEvent, VisionClients } from './step-work.ts';

/** Blends or places the sources of an artwork. */
export async function* makeArtwork(
  { fusion }: VisionClients,
  artwork: ArtworkRow,
  sources: readonly ArtworkSourceRow[],
  { job, signal, headers }: StepCall,
): AsyncGenerator<StepEvent> {
  const request = {
    jobId: job.id,
    attempt: job.attempt,
    sources: sources.map(sourceMessage),
    resultKey: artworkKey(artwork.id, job.attempt),
    thumbnailKey: artworkThumbnailKey(artwork.id, job.attempt),
  };
  if (job.kind === 'compose') {
    const { layout } = fromColumn(CompositionSpecSchema, artwork.spec)!;
    yield* eventsOf(fusion.compose({ ...request, layout }, { signal, headers }));
  } else {
    const { mode, engine, arrangement } = fromColumn(FusionSpecSchema, artwork.spec)!;
    yield* eventsOf(fusion.fuse({ ...request, mode, engine, arrangement }, { signal, headers }));
  }
}

async function* eventsOf(answers: AsyncIterable<FuseResponse | ComposeResponse>): AsyncGenerator<StepEvent> {
  for await (const { event } of answers) {
    if (event.case === 'progress') {
      yield { type: 'progress', step: stepName(event.value.step), fraction: event.value.fraction };
    }
    if (event.case === 'artwork') yield { type: 'done', outcome: toColumn(MadeArtworkSchema, event.value) };
  }
}

function stepName(step: ArtworkStep): JobStepName {
  switch (step) {
    case ArtworkStep.LOADING:
      return 'loading';
    case ArtworkStep.SAVING:
      return 'saving';
    default:
      return 'blending';
  }
}

/** What job and artwork hold once it is made. */
export function madeColumns(outcome: JsonObject) {
  const made = fromColumn(MadeArtworkSchema, outcome)!;
  if (!made.result || !made.thumbnail) throw new Error('fusion answered without a picture');
  return {
    job: {
      result: toColumn(ObjectRefSchema, made.result),
      result_width: made.width,
      result_height: made.height,
    },
    artwork: { method: made.method, thumbnail: toColumn(ObjectRefSchema, made.thumbnail) },
  };
}
