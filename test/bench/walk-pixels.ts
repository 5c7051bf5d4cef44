/**
 * In a process of its own, for walk.ts: the pixel work of one job without the mesh. The same functions that a slot
 * runs, one after the other, on objects in memory. Prints one line of JSON.
 *
 *   node test/bench/walk-pixels.ts PHOTO RUNS
 */
import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { create } from '@bufbuild/protobuf';
import {
  EnhanceRequestSchema,
  RemoveReflectionsRequestSchema,
} from '@irisvue/contracts/irisvue/enhancement/v1/enhancement_service';
import { SegmentRequestSchema } from '@irisvue/contracts/irisvue/segmentation/v1/segmentation_service';
import type { ObjectStore } from '@irisvue/storage';
import { moveEllipse } from '@irisvue/vision';
import { enhanceObject } from '../../services/enhancement/src/enhance-object.ts';
import { removeReflectionsFromObject } from '../../services/enhancement/src/remove-reflections-from-object.ts';
import { openUpscaler } from '../../services/enhancement/src/upscaler.ts';
import { openIrisModel } from '../../services/segmentation/src/iris-model.ts';
import { segmentObject } from '../../services/segmentation/src/segment-object.ts';

import { median } from './median.ts';

const modelsDir = resolve(import.meta.dirname, '../../models');
const share = { device: 'cpu', threads: 2 } as const;
const [photoPath = '', runs = '3'] = process.argv.slice(2);

/** Objects in memory: what the steps use of a store, and nothing else. */
function memoryStore(): ObjectStore {
  const objects = new Map<string, Uint8Array>();
  const kept: Pick<ObjectStore, 'put' | 'get'> = {
    async put(key, body, { contentType }) {
      const bytes = body as Uint8Array;
      objects.set(key, bytes);
      return { key, sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length, contentType };
    },
    async get(key) {
      return objects.get(key)!;
    },
  };
  return kept as ObjectStore;
}

/** The outcome: the last message of a step. */
async function last<T extends { event?: unknown }>(messages: AsyncIterable<T>): Promise<NonNullable<T['event']>> {
  let event: unknown;
  for await (const message of messages) event = message.event;
  return event as NonNullable<T['event']>;
}

const model = await openIrisModel(modelsDir, share);
const upscaler = await openUpscaler(modelsDir, share);
const limits = { minIrisPx: 100, minVisiblePercent: 30 };
const { signal } = new AbortController();
const all: Record<string, number[]> = {};

for (let run = 0; run <= Number(runs); run++) {
  // The first run warms up and is not counted.
  if (run === 1) for (const step of Object.keys(all)) delete all[step];
  const store = memoryStore();
  const job = { jobId: randomUUID(), attempt: 1 };
  const photo = await store.put('photo', await readFile(photoPath), { contentType: 'image/jpeg' });
  const timed = async <T>(step: string, work: Promise<T>): Promise<T> => {
    const start = performance.now();
    const outcome = await work;
    (all[step] ??= []).push(performance.now() - start);
    return outcome;
  };
  const segmentRequest = create(SegmentRequestSchema, {
    ...job,
    photo: { ...photo, sizeBytes: BigInt(photo.sizeBytes) },
    maskKey: 'mask',
    cropKey: 'crop',
    labelsKey: 'labels',
  });
  const segmented = await timed(
    'segmenting',
    last(segmentObject(segmentRequest, { store, model, limits, device: 'cpu' }, signal)),
  );
  if (segmented.case !== 'segmentation') throw new Error(`the photo was not segmented: ${segmented.case}`);
  const { crop, labels, geometry, window } = segmented.value as Required<typeof segmented.value>;
  const inCrop = (ellipse: Parameters<typeof moveEllipse>[0]) => moveEllipse(ellipse, window!.x!, window!.y!);
  const limbus = inCrop(geometry!.limbus as Parameters<typeof moveEllipse>[0]);
  const pupil = geometry!.pupil && inCrop(geometry!.pupil as Parameters<typeof moveEllipse>[0]);
  const iris = { crop, labels, geometry: { limbus, pupil, frameWidth: window!.side, frameHeight: window!.side } };

  const removal = create(RemoveReflectionsRequestSchema, { ...job, iris, cleanKey: 'clean' });
  const removed = await timed('removing reflections', last(removeReflectionsFromObject(removal, store, signal)));
  if (removed.case !== 'removal') throw new Error('no removal');
  const clean = { ...iris, crop: removed.value.clean };
  const request = create(EnhanceRequestSchema, { ...job, iris: clean, resultKey: 'result' });
  await timed('enhancing', last(enhanceObject(request, { store, upscaler, device: 'cpu' }, signal)));
}
const ms = Object.fromEntries(Object.entries(all).map(([step, times]) => [step, median(times)]));
console.log(JSON.stringify({ ms, peakMiB: Math.round(process.resourceUsage().maxRSS / 1024) }));
