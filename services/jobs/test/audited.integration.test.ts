import { CompositionLayout } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { AuditAction, type AuditRecorded, AuditRecordedSchema } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { newId } from '@irisvue/database';
import { connectEvents, consumeEvents, handler } from '@irisvue/events';
import { createLogger } from '@irisvue/runtime';
import { until } from '@irisvue/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ended, type Harness, startHarness, submit, uploaded } from './harness.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const told: AuditRecorded[] = [];
const stopping = new AbortController();
let harness: Harness;
let bus: Awaited<ReturnType<typeof connectEvents>>;
let consuming: Promise<void>;
beforeAll(async () => {
  harness = await startHarness();
  bus = await connectEvents({ url: harness.nats.url, name: 'test', logger });
  consuming = consumeEvents({
    bus,
    durable: `audited-${newId()}`,
    on: [handler(AuditRecordedSchema, async (event) => void told.push(event))],
    logger,
    signal: stopping.signal,
  });
});
afterAll(async () => {
  stopping.abort();
  await consuming;
  await bus[Symbol.asyncDispose]();
  await harness?.[Symbol.asyncDispose]();
});

test('a photo stored, a job submitted, and its links made and used are told, by ids alone', async () => {
  const person = await harness.person();
  const photo = await uploaded(harness, person);
  const [submitted] = await submit(person, photo);
  await ended(person, submitted!);
  const { job } = await person.jobs.getJob({ jobId: submitted!.id });
  const token = job!.links!.resultUrl.split('/').at(-1)!;
  await (await harness.downloads()).resolveDownload({ token });
  await until(() => told.some((event) => event.action === AuditAction.LINK_USED), { what: 'that the use is told' });

  expect(told.map((event) => event.action)).toEqual([
    AuditAction.PHOTO_STORED,
    AuditAction.JOB_SUBMITTED,
    AuditAction.LINK_MADE,
    AuditAction.LINK_USED,
  ]);
  for (const event of told) {
    expect(event).toMatchObject({ service: 'jobs', actor: { case: 'userId', value: person.id } });
    expect(event.subjects.map((subject) => subject.id)).toEqual([person.id]);
  }
  expect(told[1]!.resources).toMatchObject([
    { type: 'job', id: submitted!.id },
    { type: 'photo', id: photo.id },
  ]);
  expect(JSON.stringify(told, (_, value) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(token);
});

test('a confirmation that comes again tells nothing more', async () => {
  const person = await harness.person();
  const photo = await uploaded(harness, person);
  await person.photos.confirmPhoto({ photoId: photo.id });
  const [submitted] = await submit(person, photo);
  const ofPerson = () => told.filter((event) => event.subjects.some(({ id }) => id === person.id));
  await until(() => ofPerson().some((event) => event.action === AuditAction.JOB_SUBMITTED), { what: submitted!.id });
  expect(ofPerson().filter((event) => event.action === AuditAction.PHOTO_STORED)).toHaveLength(1);
});

test('the thumbnails that a gallery hands out are told, each with whose eyes it shows and to whom', async () => {
  const [creator, viewer] = [await harness.person(), await harness.person()];
  const circleId = newId();
  harness.identity.join(circleId, creator.id, viewer.id);
  const photoIds = [(await uploaded(harness, creator)).id, (await uploaded(harness, creator)).id];
  const spec = { case: 'composition', value: { layout: CompositionLayout.HORIZONTAL } } as const;
  const { artwork } = await creator.artworks.createArtwork({ requestId: newId(), photoIds, spec, circleId });
  await ended(creator, artwork!.job!);
  const { artworks } = await viewer.artworks.listArtworks({ circleId });
  expect(artworks.map(({ thumbnailUrl }) => thumbnailUrl)).toEqual([expect.stringContaining('/v1/downloads/')]);
  const toViewer = () => told.filter((event) => event.actor.value === viewer.id);
  await until(() => toViewer().length > 0, { what: 'that it is told' });
  expect(toViewer()).toMatchObject([
    {
      action: AuditAction.LINK_MADE,
      subjects: [{ id: creator.id }],
      resources: [{ type: 'artwork', id: artwork!.id }],
    },
  ]);
});

test('a photo that is deleted is told, with who did it', async () => {
  const uploader = await harness.person();
  const photo = await uploaded(harness, uploader);
  await uploader.photos.deletePhoto({ requestId: newId(), photoId: photo.id });
  const deleted = () => told.filter((event) => event.action === AuditAction.PHOTO_DELETED);
  await until(() => deleted().length > 0, { what: 'that it is told' });
  expect(deleted()).toMatchObject([
    { actor: { value: uploader.id }, subjects: [{ id: uploader.id }], resources: [{ type: 'photo', id: photo.id }] },
  ]);
});
