import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { RejectionReason } from '@irisvue/contracts/irisvue/media/v1/media';
import {
  SegmentationService,
  type SegmentResponse,
  SegmentStep,
} from '@irisvue/contracts/irisvue/segmentation/v1/segmentation_service';
import { VisionService } from '@irisvue/contracts/irisvue/vision/v1/vision_service';
import {
  CAPABILITY_HEADER,
  createServiceClient,
  ErrorReason,
  errorDetail,
  loadSettings,
  reasonOf,
} from '@irisvue/runtime';
import { type ObjectStore, openStore } from '@irisvue/storage';
import { renderEye, startTokenIssuers, type TokenIssuers, temporaryFolder } from '@irisvue/testing';
import { decodeMask, decodePicture, encodeJpeg, encodePng, Label, meanRadius } from '@irisvue/vision';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createApp } from '../src/app.ts';
import { segmentationSettings } from '../src/settings.ts';
import { paintFace } from './painted-eye.ts';

const stack = new AsyncDisposableStack();
const eye = renderEye({ seed: 1, width: 640, height: 480, openness: 1 });
let tokens: TokenIssuers;
let storageUrl: string;
let store: ObjectStore;
let url: string;

beforeAll(async () => {
  const folder = stack.use(await temporaryFolder('segmentation'));
  storageUrl = `file://${folder.path}`;
  tokens = stack.use(await startTokenIssuers());
  store = stack.use(await openStore(storageUrl));
  url = await startService({});
});
afterAll(() => stack.disposeAsync());

async function startService(env: Record<string, string>): Promise<string> {
  const settings = loadSettings(segmentationSettings, {
    IRISVUE_PORT: '0',
    IRISVUE_LOG_LEVEL: 'silent',
    IRISVUE_STORAGE_URL: storageUrl,
    IRISVUE_IDENTITY_URL: tokens.url,
    IRISVUE_CONSENT_URL: tokens.url,
    ...env,
  });
  return stack.use(await createApp(settings)).url;
}

async function requestFor(bytes: Uint8Array) {
  const jobId = randomUUID();
  const photo = await store.put(`photos/u/${jobId}`, bytes, { contentType: 'image/jpeg' });
  return {
    jobId,
    attempt: 1,
    photo: { ...photo, sizeBytes: BigInt(photo.sizeBytes) },
    maskKey: `processed/u/${jobId}/1_mask.png`,
    cropKey: `work/u/${jobId}/1/crop.png`,
    labelsKey: `work/u/${jobId}/1/labels.png`,
  };
}
type Request = Awaited<ReturnType<typeof requestFor>>;

interface CallOptions {
  readonly at?: string;
  readonly service?: string;
  readonly capability?: string;
  readonly signal?: AbortSignal;
}

async function* segment(request: Request, o: CallOptions = {}): AsyncIterable<SegmentResponse> {
  const client = createServiceClient(SegmentationService, {
    url: o.at ?? url,
    token: () => tokens.serviceToken(o.service ?? 'jobs'),
  });
  const right = await tokens.capability({ job: request.jobId, step: 'segmenting', attempt: 1 });
  const headers = { [CAPABILITY_HEADER]: o.capability ?? right };
  yield* client.segment(request, { headers, signal: o.signal });
}

async function outcome(request: Request, o: CallOptions = {}) {
  const events = [];
  for await (const { event } of segment(request, o)) events.push(event);
  return { progress: events.slice(0, -1), last: events.at(-1)! };
}

const failure = (request: Request, o: CallOptions) => outcome(request, o).catch((error: unknown) => error);
const photoOf = (image: typeof eye.image) => encodeJpeg(image, 92);

test('progress, then a segmentation whose objects are in the store', async () => {
  const request = await requestFor(await photoOf(eye.image));
  const { progress, last } = await outcome(request);
  const reported = progress.map((event) => (event.case === 'progress' ? event.value.step + event.value.fraction : -1));
  expect(reported).toEqual([...reported].sort((a, b) => a - b));
  expect(reported[0]).toBe(SegmentStep.LOADING);
  expect(reported.at(-1)).toBe(SegmentStep.SEGMENTING + 1);

  if (last.case !== 'segmentation') throw new Error(JSON.stringify(last.value));
  const found = last.value;
  expect([found.photoWidth, found.photoHeight]).toEqual([640, 480]);
  expect(found.provenance).toMatchObject({
    method: 'unet-two-networks',
    model: 'iris-segmentation',
    modelVersion: '1',
    device: 'cpu',
    photographedShare: 1,
  });
  const bytes = await store.get(request.maskKey);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(found.mask?.sha256);
  const mask = await decodeMask(bytes);
  expect([mask.width, mask.height]).toEqual([640, 480]);
  const crop = await decodePicture(await store.get(request.cropKey));
  const labels = await decodeMask(await store.get(request.labelsKey));
  expect([crop.width, labels.width]).toEqual([found.window?.side, found.window?.side]);
  const visible = mask.data.reduce((sum, value) => sum + (value === 255 ? 1 : 0), 0);
  expect(labels.data.reduce((sum, value) => sum + (value === Label.iris ? 1 : 0), 0)).toBe(visible);
  const limbus = found.geometry!.limbus!;
  expect(Math.abs(meanRadius(limbus) / meanRadius(eye.geometry.limbus) - 1)).toBeLessThan(0.08);
  expect(found.measures.map(({ name }) => name)).toContain('usable_iris_area');
});

test('the same photo gives the same bytes', async () => {
  const photo = await photoOf(eye.image);
  const shas = [];
  for (let i = 0; i < 2; i++) {
    const { last } = await outcome(await requestFor(photo));
    shas.push(last.case === 'segmentation' ? [last.value.mask?.sha256, last.value.crop?.sha256] : []);
  }
  expect(shas[0]).toHaveLength(2);
  expect(shas[0]).toEqual(shas[1]);
});

describe('refusals', () => {
  test.each([
    ['text named .jpg', async () => Buffer.from('not a photo'), RejectionReason.NOT_AN_IMAGE],
    ['half a photo', async () => (await photoOf(eye.image)).subarray(0, 9_000), RejectionReason.TRUNCATED],
    [
      'grey',
      () => photoOf({ ...eye.image, data: new Uint8Array(eye.image.data.length).fill(128) }),
      RejectionReason.NO_EYE,
    ],
  ])('%s is a result, and nothing is stored', async (_what, bytes, reason) => {
    const request = await requestFor(await bytes());
    const { last } = await outcome(request);
    expect(last).toMatchObject({ case: 'rejection', value: { reason, suggestion: expect.stringMatching(/\w+/) } });
    expect(await store.head(request.maskKey)).toBeUndefined();
  });
});

describe('the door', () => {
  test('a forged capability, one of another step and one of another attempt are refused', async () => {
    const request = await requestFor(await photoOf(eye.image));
    const right = { job: request.jobId, step: 'segmenting', attempt: 1 };
    const cases = [
      [await tokens.forgedCapability(right), 'invalid'],
      [await tokens.capability({ ...right, step: 'enhancing' }), 'step'],
      [await tokens.capability({ ...right, attempt: 2 }), 'attempt'],
      [await tokens.capability({ ...right, job: randomUUID() }), 'job'],
      ['', 'missing'],
    ];
    for (const [capability, problem] of cases) {
      expect(errorDetail(await failure(request, { capability }))).toMatchObject({
        reason: ErrorReason.CAPABILITY_INVALID,
        metadata: { problem },
      });
    }
    expect(await store.head(request.maskKey)).toBeUndefined();
  });

  test('only jobs may call', async () => {
    const request = await requestFor(await photoOf(eye.image));
    expect(reasonOf(await failure(request, { service: 'fusion' }))).toBe(ErrorReason.NOT_ALLOWED);
  });

  test('a photo that is gone is an error that says so', async () => {
    const request = await requestFor(await photoOf(eye.image));
    await store.delete(request.photo.key);
    expect(reasonOf(await failure(request, {}))).toBe(ErrorReason.NOT_FOUND);
  });
});

test('a busy service says so at once; aborting frees it within a second and stores nothing', async () => {
  const vision = createServiceClient(VisionService, { url, token: () => tokens.serviceToken('jobs') });
  expect(await vision.getCapabilities({})).toMatchObject({
    device: 'cpu',
    slots: 1,
    freeSlots: 1,
    models: [{ name: 'iris-segmentation', version: '1', executionProvider: 'cpu' }],
  });
  const large = renderEye({ seed: 2, width: 1600, height: 1200 });
  const request = await requestFor(await photoOf(large.image));
  const abort = new AbortController();
  const working = segment(request, { signal: abort.signal })[Symbol.asyncIterator]();
  await working.next();
  expect(reasonOf(await failure(await requestFor(await photoOf(eye.image)), {}))).toBe(ErrorReason.NO_FREE_SLOT);

  abort.abort();
  await expect(working.next()).rejects.toThrow();
  await vi.waitFor(async () => expect((await vision.getCapabilities({})).freeSlots).toBe(1), { timeout: 5_000 });
  expect(await store.head(request.maskKey)).toBeUndefined();
});

test('without a model the classical method answers and says so', async () => {
  const at = await startService({ IRISVUE_MODELS_DIR: join(import.meta.dirname, 'no-models-here') });
  const { last } = await outcome(await requestFor(await photoOf(eye.image)), { at });
  if (last.case !== 'segmentation') throw new Error(JSON.stringify(last.value));
  expect(last.value.provenance).toMatchObject({ method: 'classical-limbus', model: '', device: 'cpu' });
});

test('lids and confidences arrive with the geometry', async () => {
  const at = await startService({ IRISVUE_MODELS_DIR: join(import.meta.dirname, 'models') });
  const limbus = { cx: 206.3, cy: 148.8, r: 60, e1: 0, e2: 0 };
  const photo = await encodePng(paintFace(400, 300, [{ limbus, pupil: { ...limbus, r: 22 }, upper: 0.8, lower: 1.2 }]));
  const { last } = await outcome(await requestFor(photo), { at });
  if (last.case !== 'segmentation') throw new Error(JSON.stringify(last.value));
  const { provenance, geometry } = last.value;
  expect(provenance).toMatchObject({ method: 'unet-two-networks', modelVersion: '1', device: 'cpu' });
  expect(geometry?.upperLid?.points).toHaveLength(17);
  expect(geometry?.lowerLid?.confidence).toBeGreaterThan(0);
  expect(geometry?.limbusConfidence).toBeGreaterThan(0.5);
});
