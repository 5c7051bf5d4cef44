import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  EnhancementService,
  type EnhanceResponse,
  type RemoveReflectionsResponse,
} from '@irisvue/contracts/irisvue/enhancement/v1/enhancement_service';
import type { ObjectRef } from '@irisvue/contracts/irisvue/media/v1/media';
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
import { childPids, startTokenIssuers, type TokenIssuers, temporaryFolder } from '@irisvue/testing';
import { decodePicture, encodePng, geometryToMessage, moveEllipse, resizeImage } from '@irisvue/vision';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createApp } from '../src/app.ts';
import type { IrisCrop } from '../src/iris-crop.ts';
import { enhancementSettings } from '../src/settings.ts';
import { resizeLabels } from '../src/steps/resize-labels.ts';
import { renderCrop } from './rendered-crop.ts';

const stack = new AsyncDisposableStack();
let issuers: TokenIssuers;
let store: ObjectStore;
let storageUrl: string;
let url: string;

function environment(o: Readonly<Record<string, string>> = {}) {
  return {
    IRISVUE_PORT: '0',
    IRISVUE_LOG_LEVEL: 'silent',
    IRISVUE_STORAGE_URL: storageUrl,
    IRISVUE_IDENTITY_URL: issuers.url,
    IRISVUE_CONSENT_URL: issuers.url,
    IRISVUE_MODELS_DIR: '/no/models/here',
    ...o,
  };
}

beforeAll(async () => {
  const folder = stack.use(await temporaryFolder('enhancement'));
  storageUrl = `file://${folder.path}`;
  issuers = stack.use(await startTokenIssuers());
  store = stack.use(await openStore(storageUrl));
  ({ url } = stack.use(await createApp(loadSettings(enhancementSettings, environment()))));
});

afterAll(() => stack.disposeAsync());

async function putPng(key: string, picture: Parameters<typeof encodePng>[0]) {
  const stored = await store.put(key, await encodePng(picture), { contentType: 'image/png' });
  return { ...stored, sizeBytes: BigInt(stored.sizeBytes) };
}

async function storeCrop(crop: IrisCrop) {
  const folder = `work/${randomUUID()}`;
  return {
    crop: await putPng(`${folder}/crop.png`, crop.image),
    labels: await putPng(`${folder}/labels.png`, crop.labels),
    geometry: geometryToMessage(crop.geometry),
  };
}

const client = (at = url, service = 'jobs') =>
  createServiceClient(EnhancementService, { url: at, token: () => issuers.serviceToken(service), timeoutMs: 60_000 });

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of stream) all.push(message);
  return all;
}

type Iris = Awaited<ReturnType<typeof storeCrop>>;

async function callRemoveReflections(iris: Iris, at = url) {
  const jobId = randomUUID();
  const token = await issuers.capability({ job: jobId, step: 'removing_reflections' });
  const request = { jobId, attempt: 1, iris, cleanKey: `work/${jobId}/clean.png` };
  return collect(client(at).removeReflections(request, { headers: { [CAPABILITY_HEADER]: token } }));
}

async function callEnhance(iris: Iris, o: { at?: string; maxSide?: number; signal?: AbortSignal } = {}) {
  const jobId = randomUUID();
  const token = await issuers.capability({ job: jobId, step: 'enhancing' });
  const request = { jobId, attempt: 1, iris, resultKey: `processed/${jobId}/1.jpg`, maxSide: o.maxSide };
  const headers = { [CAPABILITY_HEADER]: token };
  return collect(client(o.at).enhance(request, { headers, signal: o.signal }));
}

function expectProgress(responses: readonly (RemoveReflectionsResponse | EnhanceResponse)[]): void {
  const fractions = responses.flatMap(({ event }) => (event.case === 'fraction' ? [event.value] : []));
  expect(fractions.length).toBe(responses.length - 1);
  expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  expect(fractions.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true);
}

function removalOf(responses: readonly RemoveReflectionsResponse[]) {
  const { event } = responses.at(-1)!;
  if (event.case !== 'removal') throw new Error('the last message is not the removal');
  return event.value;
}

function enhancementOf(responses: readonly EnhanceResponse[]) {
  const { event } = responses.at(-1)!;
  if (event.case !== 'enhancement') throw new Error('the last message is not the enhancement');
  return event.value;
}

async function bytesOf(ref: ObjectRef | undefined): Promise<Uint8Array> {
  const bytes = await store.get(ref!.key);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(ref!.sha256);
  expect(BigInt(bytes.length)).toBe(ref!.sizeBytes);
  return bytes;
}

describe('RemoveReflections', () => {
  test('reports progress, then the clean crop and how much of it was filled', async () => {
    const crop = renderCrop({ seed: 4, irisColour: 'blue', light: 'window' });
    const responses = await callRemoveReflections(await storeCrop(crop));
    expectProgress(responses);
    const { clean, highlights, provenance } = removalOf(responses);
    expect(highlights).toBeGreaterThan(0);
    expect(provenance).toMatchObject({ method: 'polar-diffusion', device: 'cpu', upscaleFactor: 1 });
    expect(provenance!.filledShare).toBeGreaterThan(0.005);
    expect(provenance!.photographedShare).toBeCloseTo(1 - provenance!.filledShare, 9);
    expect(await decodePicture(await bytesOf(clean))).toMatchObject({
      width: crop.image.width,
      height: crop.image.height,
    });
  });

  test('without a highlight stores the very bytes of the crop', async () => {
    const iris = await storeCrop(renderCrop({ seed: 4, irisColour: 'brown', light: 'none' }));
    const { clean, highlights, provenance } = removalOf(await callRemoveReflections(iris));
    expect(highlights).toBe(0);
    expect(clean?.sha256).toBe(iris.crop.sha256);
    expect(provenance).toMatchObject({ method: 'none', filledShare: 0, photographedShare: 1 });
  });
});

describe('Enhance', () => {
  test('gives a square JPEG with full colour and nothing of the photo but its iris', async () => {
    const crop = renderCrop({ seed: 6, irisColour: 'green', light: 'none' });
    const responses = await callEnhance(await storeCrop(crop));
    expectProgress(responses);
    const { result, side, geometry, provenance } = enhancementOf(responses);
    const bytes = await bytesOf(result);
    const { exif, icc, format, width, height, chromaSubsampling, channels } = await sharp(bytes).metadata();
    expect({ format, width, height, chromaSubsampling, channels }).toEqual({
      format: 'jpeg',
      width: side,
      height: side,
      chromaSubsampling: '4:4:4',
      channels: 3,
    });
    expect([exif, icc]).toEqual([undefined, undefined]);
    expect(result?.contentType).toBe('image/jpeg');
    expect(geometry).toMatchObject({ frameWidth: side, frameHeight: side });
    expect(provenance).toMatchObject({ method: 'lanczos', model: '', device: 'cpu', photographedShare: 1 });
    expect(provenance!.upscaleFactor).toBeCloseTo(4, 1);
    expect(provenance!.colourShiftDeltaE).toBeGreaterThan(0);
  });

  test('gives the same bytes again', async () => {
    const iris = await storeCrop(renderCrop({ seed: 6, irisColour: 'grey', light: 'none' }));
    const [first, second] = [await callEnhance(iris), await callEnhance(iris)];
    expect(enhancementOf(first).result?.sha256).toBe(enhancementOf(second).result?.sha256);
  });

  test('keeps to the largest side that is asked for', async () => {
    const iris = await storeCrop(renderCrop({ seed: 6 }));
    expect(enhancementOf(await callEnhance(iris, { maxSide: 200 })).side).toBe(200);
  });

  test('uses the model when its folder is there, and says which', async () => {
    const modelsDir = fileURLToPath(new URL('models', import.meta.url));
    const settings = loadSettings(enhancementSettings, environment({ IRISVUE_MODELS_DIR: modelsDir }));
    await using app = await createApp(settings);
    const iris = await storeCrop(renderCrop({ seed: 6 }));
    const { provenance } = enhancementOf(await callEnhance(iris, { at: app.url }));
    expect(provenance).toMatchObject({
      method: 'super-resolution',
      model: 'iris-superres',
      modelVersion: '0',
      device: 'cpu',
    });
    const vision = createServiceClient(VisionService, { url: app.url, token: () => issuers.serviceToken('jobs') });
    const { models } = await vision.getCapabilities({});
    expect(models).toMatchObject([{ name: 'iris-superres', executionProvider: 'cpu' }]);
  });
});

describe('refuses', () => {
  const small = () => storeCrop(renderCrop({ seed: 6, width: 120, height: 90 }));

  test.each([
    ['removeReflections', 'enhancing'],
    ['enhance', 'removing_reflections'],
  ] as const)('%s with the capability of %s, and stores nothing', async (method, step) => {
    const jobId = randomUUID();
    const token = await issuers.capability({ job: jobId, step });
    const key = `work/${jobId}/out`;
    const request = { jobId, attempt: 1, iris: await small(), cleanKey: key, resultKey: key };
    const call = client()[method](request, { headers: { [CAPABILITY_HEADER]: token } });
    const error = await collect<unknown>(call).then(undefined, (reason: unknown) => reason);
    expect(errorDetail(error)).toMatchObject({ reason: ErrorReason.CAPABILITY_INVALID, metadata: { problem: 'step' } });
    expect(await store.head(key)).toBeUndefined();
  });

  test('a caller that is not jobs', async () => {
    const jobId = randomUUID();
    const request = { jobId, attempt: 1, iris: await small(), resultKey: `work/${jobId}/out` };
    const error = await collect(client(url, 'fusion').enhance(request)).catch((reason: unknown) => reason);
    expect(reasonOf(error)).toBe(ErrorReason.NOT_ALLOWED);
  });

  test('a crop that is not in the store', async () => {
    const iris = await small();
    const gone = { ...iris, crop: { ...iris.crop, key: 'work/gone/crop.png' } };
    const error = await callRemoveReflections(gone).catch((reason: unknown) => reason);
    expect(errorDetail(error)).toMatchObject({ reason: ErrorReason.NOT_FOUND, metadata: { id: 'work/gone/crop.png' } });
  });

  test('labels that are not of the size of the crop', async () => {
    const iris = await small();
    const other = await storeCrop(renderCrop({ seed: 6, width: 200, height: 150 }));
    const error = await callEnhance({ ...iris, labels: other.labels }).catch((reason: unknown) => reason);
    expect(errorDetail(error)).toMatchObject({ reason: ErrorReason.INVALID_FIELD, metadata: { field: 'iris.labels' } });
  });
});

// The kernel's own account of a process's peak; only Linux keeps it.
describe.skipIf(process.platform !== 'linux')('a slot', () => {
  const crop = renderCrop({ seed: 5, irisColour: 'grey', light: 'window' });

  test('peaks under 700 MiB for the largest crop of a 12-megapixel photo', async () => {
    await using app = await createApp(loadSettings(enhancementSettings, environment()));
    const pids = await childPids(process.pid);
    expect(pids.length).toBeGreaterThan(0);
    const iris = await storeCrop(await enlarged(crop, 3640));
    const { clean, highlights } = removalOf(await callRemoveReflections(iris, app.url));
    expect(highlights).toBeGreaterThan(0);
    const { side } = enhancementOf(await callEnhance({ ...iris, crop: { ...iris.crop, ...clean } }, { at: app.url }));
    expect(side).toBe(4096);
    expect(peakMiB(pids)).toBeGreaterThan(150);
    expect(peakMiB(pids)).toBeLessThan(700);
  });

  test('peaks under 700 MiB when iris-superres draws the largest result', async () => {
    const modelsDir = fileURLToPath(new URL('../../../models', import.meta.url));
    const environmentWithModel = environment({ IRISVUE_MODELS_DIR: modelsDir });
    await using app = await createApp(loadSettings(enhancementSettings, environmentWithModel));
    const pids = await childPids(process.pid);
    const iris = await storeCrop(await enlarged(crop, 1220));
    const { side, provenance } = enhancementOf(await callEnhance(iris, { at: app.url }));
    expect(side).toBeGreaterThan(4000);
    expect(provenance).toMatchObject({ method: 'super-resolution', model: 'iris-superres' });
    expect(peakMiB(pids)).toBeLessThan(700);
  });
});

/** The highest peak of the processes' memory so far. */
function peakMiB(pids: readonly number[]): number {
  const kib = (pid: number) => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return Math.max(...pids.map(kib)) / 1024;
}

/** The same crop, as large as a finer camera would have made it. */
async function enlarged({ image, labels, geometry }: IrisCrop, side: number): Promise<IrisCrop> {
  const scale = side / image.width;
  return {
    image: await resizeImage(image, side, side, 'cubic'),
    labels: resizeLabels(labels, side, side),
    geometry: {
      limbus: moveEllipse(geometry.limbus, 0, 0, scale),
      pupil: geometry.pupil && moveEllipse(geometry.pupil, 0, 0, scale),
      frameWidth: side,
      frameHeight: side,
    },
  };
}

test('aborting ends the work, and the slot is free again', async () => {
  const iris = await storeCrop(renderCrop({ seed: 6, width: 1600, height: 1200, light: 'none' }));
  const abort = new AbortController();
  const jobId = randomUUID();
  const token = await issuers.capability({ job: jobId, step: 'enhancing' });
  const key = `processed/${jobId}/1.jpg`;
  const request = { jobId, attempt: 1, iris, resultKey: key };
  const call = client().enhance(request, { headers: { [CAPABILITY_HEADER]: token }, signal: abort.signal });
  const ended = (async () => {
    for await (const _ of call) abort.abort();
  })();
  await expect(ended).rejects.toThrow();
  const vision = createServiceClient(VisionService, { url, token: () => issuers.serviceToken('jobs') });
  await vi.waitFor(async () => expect((await vision.getCapabilities({})).freeSlots).toBe(1), { timeout: 10_000 });
  expect(await store.head(key)).toBeUndefined();
});
