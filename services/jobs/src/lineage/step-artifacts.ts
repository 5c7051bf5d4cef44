import type { JsonObject } from '@bufbuild/protobuf';
import {
  EnhancementSchema,
  ReflectionRemovalSchema,
} from '@irisvue/contracts/irisvue/enhancement/v1/enhancement_service';
import { MadeArtworkSchema } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { type ObjectRef, ObjectRefSchema } from '@irisvue/contracts/irisvue/media/v1/media';
import { SegmentationSchema } from '@irisvue/contracts/irisvue/segmentation/v1/segmentation_service';
import type { Transaction } from 'kysely';
import type { JobRow } from '../change-job.ts';
import { subjectsOfJob } from '../job-store.ts';
import { fromColumn } from '../message-column.ts';
import type { PhotoRow } from '../photo-store.ts';
import type { JobStepName, JobsDatabase } from '../schema.ts';
import { type MadeArtifact, recordArtifacts, storedArtifactsOfJob } from './artifact-store.ts';
import type { ArtifactKind } from './schema.ts';

/** Records the object of a photo whose bytes were confirmed. */
export async function recordPhoto(trx: Transaction<JobsDatabase>, photo: PhotoRow): Promise<void> {
  const { object_key, sha256, size_bytes, id } = photo;
  const made = { key: object_key, kind: 'photo', sha256, size_bytes, photo_id: id, parents: [] } as const;
  await recordArtifacts(trx, [made], [photo]);
}

/** Records what a finished step stored. `outcome` is the step's answer as its checkpoint keeps it. */
export async function recordStep(
  trx: Transaction<JobsDatabase>,
  job: JobRow,
  done: { readonly step: JobStepName; readonly outcome: JsonObject },
): Promise<void> {
  const parents = await parentsOf(trx, job, done.step);
  const { id: job_id, photo_id, artwork_id, attempt } = job;
  const made = objectsOf(done.step, done.outcome).map(
    ({ kind, ref }): MadeArtifact => ({
      key: ref.key,
      kind,
      sha256: ref.sha256,
      size_bytes: Number(ref.sizeBytes),
      photo_id,
      job_id,
      artwork_id,
      step: done.step,
      attempt,
      parents,
    }),
  );
  await recordArtifacts(trx, made, await subjectsOfJob(trx, job.id));
}

interface StoredObject {
  readonly kind: ArtifactKind;
  readonly ref: ObjectRef;
}

function objectsOf(step: JobStepName, outcome: JsonObject): StoredObject[] {
  switch (step) {
    case 'segmenting': {
      const { mask, crop, labels } = fromColumn(SegmentationSchema, outcome)!;
      return stored({ mask, crop, labels });
    }
    case 'removing_reflections':
      return stored({ crop: fromColumn(ReflectionRemovalSchema, outcome)!.clean });
    case 'enhancing':
      return stored({ result: fromColumn(EnhancementSchema, outcome)!.result });
    case 'blending': {
      const { result: artwork, thumbnail } = fromColumn(MadeArtworkSchema, outcome)!;
      return stored({ artwork, thumbnail });
    }
    case 'loading':
    case 'saving':
      return []; // no step of its own stores anything under these names
    default:
      return step satisfies never;
  }
}

function stored(refs: Partial<Record<ArtifactKind, ObjectRef | undefined>>): StoredObject[] {
  return (Object.keys(refs) as ArtifactKind[]).flatMap((kind) => {
    const ref = refs[kind];
    return ref ? [{ kind, ref }] : [];
  });
}

/** Keys of what a step read. */
async function parentsOf(trx: Transaction<JobsDatabase>, job: JobRow, step: JobStepName): Promise<string[]> {
  if (job.artwork_id !== null) {
    const sources = await trx
      .selectFrom('artwork_sources')
      .select('picture')
      .where('artwork_id', '=', job.artwork_id)
      .execute();
    return sources.flatMap(({ picture }) => fromColumn(ObjectRefSchema, picture)?.key ?? []);
  }
  if (step === 'segmenting') {
    const photos = await trx.selectFrom('photos').select('object_key').where('id', '=', job.photo_id).execute();
    return photos.map((photo) => photo.object_key);
  }
  // Behind segmentation each step reads the labels and the crop of the step before.
  const before = step === 'enhancing' ? 'removing_reflections' : 'segmenting';
  const made = await storedArtifactsOfJob(trx, job.id);
  return made
    .filter(({ kind, step: maker }) => kind === 'labels' || (kind === 'crop' && maker === before))
    .map(({ key }) => key);
}
