import { create } from '@bufbuild/protobuf';
import type { Client } from '@connectrpc/connect';
import { type Subject, SubjectKind, SubjectSchema } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { CompositionLayout } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import {
  type ErasedObject,
  type EraseSubjectResponse,
  type JointWork,
  SubjectDataService,
} from '@irisvue/contracts/irisvue/privacy/v1/subject_data_service';
import { newId } from '@irisvue/database';
import { createServiceClient, errorDetail } from '@irisvue/runtime';
import { expect } from 'vitest';
import { ended, type Harness, type Person, submit, uploaded } from './harness.ts';

/** A client of SubjectDataService that calls as a service. */
export async function subjectData(harness: Harness, service = 'consent'): Promise<Client<typeof SubjectDataService>> {
  const token = await harness.identity.serviceToken(service);
  return createServiceClient(SubjectDataService, { url: harness.replica.url, token: async () => token });
}

export const self = (person: { readonly id: string }): Subject =>
  create(SubjectSchema, { id: person.id, kind: SubjectKind.SELF });

/** A photo with a finished result. */
export async function processed(harness: Harness, owner: Person, kind: SubjectKind = SubjectKind.SELF) {
  const photo = await uploaded(harness, owner, kind);
  const [job] = await ended(owner, ...(await submit(owner, photo)));
  expect(job!.status).toBe(JobStatus.COMPLETED);
  return photo;
}

/** A composition of photos, everybody's permission given; finished unless `unfinished`. */
export async function composed(
  harness: Harness,
  creator: Person,
  photos: ReadonlyArray<{ readonly id: string }>,
  o: { readonly unfinished?: boolean } = {},
) {
  for (const photo of photos) harness.consent.permit(photo.id, creator.id);
  const { artwork } = await creator.artworks.createArtwork({
    requestId: newId(),
    photoIds: photos.map(({ id }) => id),
    spec: { case: 'composition', value: { layout: CompositionLayout.GRID_2X2 } },
  });
  if (!o.unfinished) expect((await ended(creator, artwork!.job!))[0]!.status).toBe(JobStatus.COMPLETED);
  return artwork!;
}

/** All that a stream of EraseSubject told. */
export async function collected(stream: AsyncIterable<EraseSubjectResponse>) {
  const objects: ErasedObject[] = [];
  const jointWorks: JointWork[] = [];
  const progress: number[] = [];
  let rows = 0;
  for await (const message of stream) {
    objects.push(...message.objects);
    jointWorks.push(...message.jointWorks);
    progress.push(message.progress);
    rows += message.rows;
  }
  return { objects, jointWorks, progress, rows };
}

/** Blocks and erases; gives what was told. */
export async function erased(harness: Harness, subject: Subject, erasureId: string = newId()) {
  const data = await subjectData(harness);
  const blocked = await data.blockSubject({ subject, erasureId });
  return { blocked, ...(await collected(data.eraseSubject({ subject, erasureId }))) };
}

/** The reason and facts that a call is refused with. */
export async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => expect.fail('the call was not refused'),
    (thrown: unknown) => thrown,
  );
  const { reason, metadata } = errorDetail(error)!;
  return { reason, metadata };
}

/** Keys of all objects that are there. */
export async function storedKeys(harness: Harness): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of harness.store.list('')) keys.push(key);
  return keys;
}
