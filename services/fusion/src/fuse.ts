import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  ArtworkStep,
  type FuseRequest,
  type FuseResponseSchema,
  FusionArrangement,
  FusionMode,
} from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import type { ObjectStore } from '@irisvue/storage';
import type { Image } from '@irisvue/vision';
import { blender, type Opencv } from './blender.ts';
import { blendAlpha } from './steps/blend-alpha.ts';
import { blendFibres } from './steps/blend-fibres.ts';
import { fitIris } from './steps/fit-iris.ts';
import { keepSurroundings } from './steps/keep-surroundings.ts';
import { loadIris } from './steps/load-sources.ts';
import { saveArtwork } from './steps/save-artwork.ts';
import { shareCircle } from './steps/share-circle.ts';
import { type IrisPicture, standardIris } from './steps/standard-iris.ts';
import { fusionThumbnail } from './steps/thumbnail.ts';
import { visiblePart } from './steps/visible-part.ts';

type FuseResponse = MessageInitShape<typeof FuseResponseSchema>;

export interface FuseTools {
  readonly store: ObjectStore;
  /** OpenCV's seamlessClone, where it is built. */
  readonly opencv?: Opencv;
  /** Told why an engine failed; the fusion goes on with alpha blending. */
  readonly onEngineError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** Loads the sources, blends them, stores picture and thumbnail. Yields progress, then the artwork. */
export async function* fuse(request: FuseRequest, tools: FuseTools): AsyncGenerator<FuseResponse> {
  const { sources } = request;
  const pictures: IrisPicture[] = [];
  for (const source of sources) {
    yield progress(ArtworkStep.LOADING, pictures.length / sources.length);
    pictures.push(await loadIris(source, tools.store, tools.signal));
  }
  yield progress(ArtworkStep.LOADING, 1);

  const blending = blendIrises(pictures, request, tools);
  let step = await blending.next();
  for (; !step.done; step = await blending.next()) yield progress(ArtworkStep.BLENDING, step.value);
  const { picture, method } = step.value;

  yield progress(ArtworkStep.SAVING, 0);
  const artwork = await saveArtwork(picture, await fusionThumbnail(picture), method, request, tools);
  yield progress(ArtworkStep.SAVING, 1);
  yield { event: { case: 'artwork', value: artwork } };
}

/** A blended picture and how it was made. */
export interface Blended {
  readonly picture: Image;
  readonly method: string;
}

/**
 * Several irises to one. Yields the share that is done, from 0 to 1.
 *
 * 1) all irises are brought to one standard: round, the pupil in the middle; 2) the circle is shared out among them;
 * 3) their colours are blended by these shares, so that each person's colour stays its own; 4) into that picture the
 * fibres of each are blended by mixed gradients, which makes the seams run along fibres instead of across a haze.
 */
export async function* blendIrises(
  pictures: readonly IrisPicture[],
  how: Pick<FuseRequest, 'mode' | 'engine' | 'arrangement'>,
  tools: Pick<FuseTools, 'opencv' | 'onEngineError'>,
): AsyncGenerator<number, Blended> {
  const stages = pictures.length * 2 + 2;
  let done = 0;
  yield 0;
  const standard = standardIris(pictures);
  const fitted: Image[] = [];
  for (const picture of pictures) {
    fitted.push(await fitIris(picture, standard));
    yield ++done / stages;
  }
  const arrangement = how.arrangement || FusionArrangement.SECTORS;
  const visible = fitted.map((image) => visiblePart(image, standard));
  const shares = shareCircle(arrangement, visible, standard);
  yield ++done / stages;
  const colours = blendAlpha(fitted, shares);
  yield ++done / stages;
  if (how.mode === FusionMode.ALPHA) return { picture: colours, method: 'alpha' };
  const { clone, method } = blender(how.engine, tools.opencv);
  try {
    const blending = blendFibres(colours, fitted, { arrangement, shares, standard, clone });
    let step = await blending.next();
    for (; !step.done; step = await blending.next()) yield ++done / stages;
    return { picture: keepSurroundings(step.value, colours, standard), method };
  } catch (error) {
    tools.onEngineError(error);
    return { picture: colours, method: 'alpha-fallback' };
  }
}

function progress(step: ArtworkStep, fraction: number): FuseResponse {
  return { event: { case: 'progress', value: { step, fraction } } };
}
