import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  ArtworkStep,
  CompositionLayout,
  type FuseRequestSchema,
  type FuseResponse,
  FusionMode,
  FusionService,
  type MadeArtwork,
  type Source,
  SourceSchema,
} from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import type { IrisGeometry } from '@irisvue/contracts/irisvue/media/v1/media';
import { VisionService } from '@irisvue/contracts/irisvue/vision/v1/vision_service';
import {
  CAPABILITY_HEADER,
  createServiceClient,
  ErrorReason,
  errorDetail,
  loadSettings,
  reasonOf,
} from '@irisvue/runtime';
import { type ObjectStore, openStore, type StoredObject } from '@irisvue/storage';
import { startTokenIssuers, type TokenIssuers } from '@irisvue/testing';
import { decodePicture, encodeJpeg, geometryToMessage } from '@irisvue/vision';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createApp } from '../src/app.ts';
import { fusionSettings } from '../src/settings.ts';
import { paintIris } from './painted-iris.ts';

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of stream) all.push(message);
  return all;
}

const stack = new AsyncDisposableStack();
let issuers: TokenIssuers;
let store: ObjectStore;
let url: string;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'irisvue-fusion-'));
  stack.defer(() => rm(folder, { recursive: true }));
  issuers = stack.use(await startTokenIssuers());
  const env = {
    IRISVUE_PORT: '0',
    IRISVUE_LOG_LEVEL: 'silent',
    IRISVUE_STORAGE_URL: `file://${folder}`,
    IRISVUE_IDENTITY_URL: issuers.url,
    IRISVUE_CONSENT_URL: issuers.url,
  };
  store = stack.use(await openStore(env.IRISVUE_STORAGE_URL));
  ({ url } = stack.use(await createApp(loadSettings(fusionSettings, env))));
});

afterAll(() => stack.disposeAsync());

function sourceOf(stored: StoredObject, geometry?: IrisGeometry): Source {
  return create(SourceSchema, { picture: { ...stored, sizeBytes: BigInt(stored.sizeBytes) }, geometry });
}

/** Stores painted irises and gives them as sources. */
async function storeSources(side: number, count = 3): Promise<Source[]> {
  const colours = [
    [40, 90, 200],
    [150, 80, 30],
    [60, 150, 70],
    [120, 120, 130],
  ] as const;
  return Promise.all(
    colours.slice(0, count).map(async (colour, k) => {
      const { image, geometry } = paintIris({ side: side - 20 * k, colour });
      const stored = await store.put(`processed/${side}/${k}.jpg`, await encodeJpeg(image, 90), {
        contentType: 'image/jpeg',
      });
      return sourceOf(stored, geometryToMessage(geometry));
    }),
  );
}

function requestFor(sources: Source[]) {
  const jobId = randomUUID();
  return {
    jobId,
    attempt: 1,
    sources,
    resultKey: `fusion/${jobId}/1.jpg`,
    thumbnailKey: `fusion/${jobId}/1_thumb.jpg`,
  };
}

const client = (service = 'jobs') =>
  createServiceClient(FusionService, { url, token: () => issuers.serviceToken(service) });
const withCapability = (token: string) => ({ headers: { [CAPABILITY_HEADER]: token } });

async function fuse(
  request: MessageInitShape<typeof FuseRequestSchema>,
  signal?: AbortSignal,
): Promise<FuseResponse[]> {
  const call = withCapability(await issuers.capability({ step: 'blending', job: request.jobId! }));
  return collect(client().fuse(request, { ...call, signal }));
}

function outcome(responses: readonly Pick<FuseResponse, 'event'>[]): MadeArtwork {
  const { event } = responses.at(-1)!;
  if (event.case !== 'artwork') throw new Error('the last message is not the artwork');
  return event.value;
}

describe('Fuse', () => {
  test('yields progress that never goes back, then a stored picture and thumbnail', async () => {
    const request = requestFor(await storeSources(400));
    const responses = await fuse(request);
    const reported = responses.flatMap(({ event }) =>
      event.case === 'progress' ? [event.value.step + event.value.fraction] : [],
    );
    expect(reported).toEqual([...reported].sort((a, b) => a - b));
    expect(new Set(reported.map(Math.floor))).toContain(ArtworkStep.BLENDING);
    expect(reported.length).toBe(responses.length - 1);

    const artwork = outcome(responses);
    expect(artwork).toMatchObject({ width: 400, height: 400, method: 'poisson-multigrid' });
    expect([artwork.result?.key, artwork.thumbnail?.key]).toEqual([request.resultKey, request.thumbnailKey]);
    const bytes = await store.get(request.resultKey);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(artwork.result?.sha256);
    expect(await decodePicture(bytes)).toMatchObject({ width: 400, height: 400 });
    expect(await decodePicture(await store.get(request.thumbnailKey))).toMatchObject({ width: 256, height: 256 });
  });

  test('the same sources give the same bytes', async () => {
    const sources = await storeSources(300, 2);
    const [first, second] = [await fuse(requestFor(sources)), await fuse(requestFor(sources))];
    expect(outcome(first).result?.sha256).toBe(outcome(second).result?.sha256);
  });

  test('alpha says that it is alpha', async () => {
    const artwork = outcome(await fuse({ ...requestFor(await storeSources(200, 2)), mode: FusionMode.ALPHA }));
    expect(artwork.method).toBe('alpha');
  });

  test.each<[string, () => Promise<string | undefined>, string]>([
    ['none', async () => undefined, 'missing'],
    ['a forged one', () => issuers.forgedCapability({ step: 'blending', job: randomUUID() }), 'invalid'],
    ['one for another job', () => issuers.capability({ step: 'blending', job: randomUUID() }), 'job'],
  ])('without the capability (%s) it is refused and nothing is stored', async (_, token, problem) => {
    const request = requestFor(await storeSources(200, 2));
    const capability = await token();
    const call = collect(client().fuse(request, capability ? withCapability(capability) : {}));
    const error = await call.then(undefined, (reason: unknown) => reason);
    expect(errorDetail(error)).toMatchObject({ reason: ErrorReason.CAPABILITY_INVALID, metadata: { problem } });
    expect(await store.head(request.resultKey)).toBeUndefined();
  });

  test('a capability of this job for another step or attempt is refused', async () => {
    const request = requestFor(await storeSources(200, 2));
    for (const of of [{ step: 'enhancing' }, { attempt: 2 }]) {
      const token = await issuers.capability({ step: 'blending', job: request.jobId, ...of });
      const error = await collect(client().fuse(request, withCapability(token))).catch((reason: unknown) => reason);
      expect(reasonOf(error)).toBe(ErrorReason.CAPABILITY_INVALID);
    }
  });

  test('only the jobs service may call', async () => {
    const request = requestFor(await storeSources(200, 2));
    const call = withCapability(await issuers.capability({ step: 'blending', job: request.jobId }));
    const error = await collect(client('delivery').fuse(request, call)).catch((reason: unknown) => reason);
    expect(reasonOf(error)).toBe(ErrorReason.NOT_ALLOWED);
  });

  test('a source without geometry is named; one whose bytes are not those that were meant makes nothing', async () => {
    const [first, second] = await storeSources(200, 2);
    const blind = requestFor([first!, create(SourceSchema, { picture: second!.picture })]);
    const error = await fuse(blind).catch((reason: unknown) => reason);
    expect(errorDetail(error)).toMatchObject({
      reason: ErrorReason.INVALID_FIELD,
      metadata: { field: 'sources.geometry' },
    });

    const swapped = create(SourceSchema, { ...second!, picture: { ...second!.picture!, sha256: '0'.repeat(64) } });
    const request = requestFor([first!, swapped]);
    await expect(fuse(request)).rejects.toThrow();
    expect(await store.head(request.resultKey)).toBeUndefined();
  });

  test('aborting ends the work at once: nothing is stored and a fresh slot takes the next request', async () => {
    const vision = createServiceClient(VisionService, { url, token: () => issuers.serviceToken('jobs') });
    const freeSlots = async () => (await vision.getCapabilities({})).freeSlots;
    const request = requestFor(await storeSources(2000));
    const abort = new AbortController();
    const call = withCapability(await issuers.capability({ step: 'blending', job: request.jobId }));
    await expect(async () => {
      for await (const { event } of client().fuse(request, { ...call, signal: abort.signal })) {
        if (event.case !== 'progress' || event.value.step !== ArtworkStep.BLENDING) continue;
        expect(await freeSlots()).toBe(0);
        const busy = await fuse(requestFor(request.sources)).catch((reason: unknown) => reason);
        expect(reasonOf(busy)).toBe(ErrorReason.NO_FREE_SLOT);
        abort.abort();
      }
    }).rejects.toThrow();
    await vi.waitFor(async () => expect(await freeSlots()).toBe(1), { timeout: 10_000 });
    expect(await store.head(request.resultKey)).toBeUndefined();
    expect(outcome(await fuse(requestFor(await storeSources(200, 2)))).width).toBe(200);
  });
});

describe('Compose', () => {
  test.each([
    [CompositionLayout.HORIZONTAL, 'horizontal', [3 * 260, 260]],
    [CompositionLayout.VERTICAL, 'vertical', [260, 3 * 260]],
    [CompositionLayout.GRID_2X2, 'grid_2x2', [2 * 260, 2 * 260]],
  ] as const)('layout %i (%s) of three results', async (layout, method, [width, height]) => {
    const request = { ...requestFor(await storeSources(300)), layout };
    const call = withCapability(await issuers.capability({ step: 'blending', job: request.jobId }));
    const artwork = outcome(await collect(client().compose(request, call)));
    expect(artwork).toMatchObject({ width, height, method });
    expect(await decodePicture(await store.get(request.resultKey))).toMatchObject({ width, height });
    const thumbnail = await decodePicture(await store.get(request.thumbnailKey));
    expect(thumbnail).toMatchObject({ width: 256, height: Math.round((256 * height) / width) });
  });

  test('takes an original without geometry, and names one that is no picture', async () => {
    const [first] = await storeSources(300, 1);
    const { image } = paintIris({ side: 350, colour: [90, 90, 90] });
    const original = await store.put('photos/original', await encodeJpeg(image, 90), { contentType: 'image/jpeg' });
    const text = await store.put('photos/text', Buffer.from('not a picture'), { contentType: 'image/jpeg' });
    const withSecond = async (stored: StoredObject) => {
      const request = { ...requestFor([first!, sourceOf(stored)]), layout: CompositionLayout.HORIZONTAL };
      const call = withCapability(await issuers.capability({ step: 'blending', job: request.jobId }));
      return collect(client().compose(request, call));
    };
    expect(outcome(await withSecond(original))).toMatchObject({ width: 600, height: 300 });
    const error = await withSecond(text).catch((reason: unknown) => reason);
    expect(errorDetail(error)).toMatchObject({
      reason: ErrorReason.INVALID_FIELD,
      metadata: { field: 'sources.picture' },
    });
  });
});
