import { create } from '@bufbuild/protobuf';
import type { HandlerContext } from '@connectrpc/connect';
import {
  EnhancementService,
  type EnhanceRequest,
  type EnhanceResponse,
  EnhanceResponseSchema,
  type RemoveReflectionsRequest,
  type RemoveReflectionsResponse,
  RemoveReflectionsResponseSchema,
} from '@irisvue/contracts/irisvue/enhancement/v1/enhancement_service';
import {
  ArtworkStep,
  type ComposeRequest,
  ComposeResponseSchema,
  type FuseRequest,
  type FuseResponse,
  FuseResponseSchema,
  FusionService,
} from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { type IrisGeometry, IrisGeometrySchema } from '@irisvue/contracts/irisvue/media/v1/media';
import {
  SegmentationService,
  type SegmentRequest,
  type SegmentResponse,
  SegmentResponseSchema,
  SegmentStep,
} from '@irisvue/contracts/irisvue/segmentation/v1/segmentation_service';
import { VisionService } from '@irisvue/contracts/irisvue/vision/v1/vision_service';
import { CAPABILITY_HEADER, createLogger, DomainError, ErrorReason, type RunningServer, serve } from '@irisvue/runtime';
import type { ObjectStore } from '@irisvue/storage';

/** A step that a service was asked for. */
export interface SeenStep {
  readonly step: 'segmenting' | 'removing_reflections' | 'enhancing' | 'blending';
  readonly jobId: string;
  readonly attempt: number;
  /** Aborts when the call does: its slot would be killed. */
  readonly signal: AbortSignal;
}

/**
 * The three vision services on one port, as their contracts have them: every step stores small objects under the keys
 * it is given and answers at once, unless a test makes it wait, refuse or break.
 */
export interface VisionPeer extends AsyncDisposable {
  readonly url: string;
  /** Slots that each service says it has. */
  slots: number;
  /** How often a service was asked for its slots. */
  readonly slotQuestions: () => number;
  /** Steps in the order in which they were asked for. */
  readonly seen: readonly SeenStep[];
  /** Called after a step's first progress; a test may wait or throw in it, or give a rejection of the photo. */
  during: (step: SeenStep) => Promise<unknown> | undefined;
  /** Called before a step's first answer; a test may throw in it. */
  before: (step: SeenStep) => Promise<void> | undefined;
  /** Called after a step's last answer, however it ended, unless it was refused before it began. */
  after: (step: SeenStep) => void;
  /** Cuts the connections and listens no more: the process is gone. */
  die(): Promise<void>;
}

export const PHOTO_SIZE = { width: 640, height: 480 } as const;
const WINDOW = { x: 200, y: 100, side: 260 } as const;
const RESULT_SIDE = 880;
const GEOMETRY: IrisGeometry = create(IrisGeometrySchema, {
  limbus: { cx: 330, cy: 230, a: 100, b: 98, angleDegrees: 3 },
  pupil: { cx: 331, cy: 231, a: 40, b: 40, angleDegrees: 0 },
  frameWidth: PHOTO_SIZE.width,
  frameHeight: PHOTO_SIZE.height,
});

export async function startVisionPeer(store: ObjectStore, o: { readonly port?: number } = {}): Promise<VisionPeer> {
  const seen: SeenStep[] = [];
  let questions = 0;
  const begin = async (
    step: SeenStep['step'],
    request: { jobId: string; attempt: number },
    context: HandlerContext,
  ) => {
    const { jobId, attempt } = request;
    const asked: SeenStep = { step, jobId, attempt, signal: context.signal };
    seen.push(asked);
    if (context.requestHeader.get(CAPABILITY_HEADER) !== `${jobId} ${step} ${attempt}`) {
      throw new DomainError(ErrorReason.CAPABILITY_INVALID, 'no capability', { problem: 'invalid' });
    }
    await peer.before(asked);
    return { ...asked, [Symbol.dispose]: () => peer.after(asked) };
  };
  const put = async (key: string, contentType: string) =>
    await store.put(key, Buffer.from(`${contentType} of ${key.split('/').slice(0, 3).join('/')}`), { contentType });
  const stored = async (key: string, contentType: string) => {
    const { sizeBytes, ...ref } = await put(key, contentType);
    return { ...ref, sizeBytes: BigInt(sizeBytes) };
  };

  async function* segment(request: SegmentRequest, context: HandlerContext): AsyncGenerator<SegmentResponse> {
    using asked = await begin('segmenting', request, context);
    const progress = (step: SegmentStep, fraction: number) =>
      create(SegmentResponseSchema, { event: { case: 'progress', value: { step, fraction } } });
    yield progress(SegmentStep.LOADING, 0.5);
    const rejection = await raced(peer.during(asked), context.signal);
    if (rejection !== undefined) {
      yield create(SegmentResponseSchema, { event: { case: 'rejection', value: rejection as object } });
      return;
    }
    yield progress(SegmentStep.SEGMENTING, 0.5);
    const value = {
      photoWidth: PHOTO_SIZE.width,
      photoHeight: PHOTO_SIZE.height,
      geometry: GEOMETRY,
      mask: await stored(request.maskKey, 'image/png'),
      crop: await stored(request.cropKey, 'image/png'),
      labels: await stored(request.labelsKey, 'image/png'),
      window: WINDOW,
      qualityScore: 0.75,
      measures: [{ name: 'usable_iris_area', value: 81, unit: '%', score: 0.8 }],
      provenance: { method: 'classical-limbus', device: 'cpu', photographedShare: 1 },
    };
    yield create(SegmentResponseSchema, { event: { case: 'segmentation', value } });
  }

  async function* removeReflections(
    request: RemoveReflectionsRequest,
    context: HandlerContext,
  ): AsyncGenerator<RemoveReflectionsResponse> {
    using asked = await begin('removing_reflections', request, context);
    yield create(RemoveReflectionsResponseSchema, { event: { case: 'fraction', value: 0.25 } });
    await raced(peer.during(asked), context.signal);
    const value = {
      clean: await stored(request.cleanKey, 'image/png'),
      highlights: 2,
      provenance: { method: 'inpainting' },
    };
    yield create(RemoveReflectionsResponseSchema, { event: { case: 'removal', value } });
  }

  async function* enhance(request: EnhanceRequest, context: HandlerContext): AsyncGenerator<EnhanceResponse> {
    using asked = await begin('enhancing', request, context);
    yield create(EnhanceResponseSchema, { event: { case: 'fraction', value: 0.25 } });
    await raced(peer.during(asked), context.signal);
    const geometry = {
      limbus: { cx: 440, cy: 440, a: 400, b: 392 },
      frameWidth: RESULT_SIDE,
      frameHeight: RESULT_SIDE,
    };
    const result = await stored(request.resultKey, 'image/jpeg');
    const value = { result, side: RESULT_SIDE, geometry, provenance: { method: 'lanczos', upscaleFactor: 4 } };
    yield create(EnhanceResponseSchema, { event: { case: 'enhancement', value } });
  }

  async function* make(request: FuseRequest | ComposeRequest, context: HandlerContext, method: string) {
    using asked = await begin('blending', request, context);
    yield { event: { case: 'progress', value: { step: ArtworkStep.BLENDING, fraction: 0.5 } } } as const;
    await raced(peer.during(asked), context.signal);
    const result = await stored(request.resultKey, 'image/jpeg');
    const thumbnail = await stored(request.thumbnailKey, 'image/jpeg');
    yield { event: { case: 'artwork', value: { result, thumbnail, width: 2048, height: 2048, method } } } as const;
  }

  const server: RunningServer = await serve({
    name: 'vision',
    host: '127.0.0.1',
    port: o.port ?? 0,
    logger: createLogger({ service: 'vision', level: 'silent' }),
    readiness: {},
    drainMs: 0,
    routes: (router) => {
      router.service(VisionService, {
        getCapabilities: () => {
          questions += 1;
          return { device: 'cpu', slots: peer.slots, freeSlots: peer.slots };
        },
      });
      router.service(SegmentationService, { segment });
      router.service(EnhancementService, { removeReflections, enhance });
      router.service(FusionService, {
        async *fuse(request, context): AsyncGenerator<FuseResponse> {
          for await (const answer of make(request, context, 'poisson-multigrid'))
            yield create(FuseResponseSchema, answer);
        },
        async *compose(request, context) {
          for await (const answer of make(request, context, 'horizontal')) yield create(ComposeResponseSchema, answer);
        },
      });
    },
  });
  const peer: VisionPeer = {
    url: server.url,
    slots: 2,
    slotQuestions: () => questions,
    seen,
    during: () => undefined,
    before: () => undefined,
    after: () => {},
    die: async () => await server[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return peer;
}

async function raced(work: Promise<unknown> | undefined, signal: AbortSignal): Promise<unknown> {
  if (work === undefined) return undefined;
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return await Promise.race([work, aborted]);
}
