import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  ArtworkStep,
  type ComposeRequest,
  type ComposeResponseSchema,
  CompositionLayout,
} from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import type { ObjectStore } from '@irisvue/storage';
import { blackImage, type Image, resizeImage } from '@irisvue/vision';
import { loadPicture } from './steps/load-sources.ts';
import { paste } from './steps/paste.ts';
import { boundTile, type Layout, planComposition } from './steps/plan-composition.ts';
import { saveArtwork } from './steps/save-artwork.ts';
import { compositionThumbnail } from './steps/thumbnail.ts';

type ComposeResponse = MessageInitShape<typeof ComposeResponseSchema>;

export interface ComposeTools {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
}

/** Loads the pictures, places them, stores composition and thumbnail. Yields progress, then the artwork. */
export async function* compose(request: ComposeRequest, tools: ComposeTools): AsyncGenerator<ComposeResponse> {
  const { sources } = request;
  const layout = request.layout as Layout;
  const tiles: Image[] = [];
  for (const source of sources) {
    yield progress(ArtworkStep.LOADING, tiles.length / sources.length);
    const picture = await loadPicture(source, tools.store, tools.signal);
    tiles.push(await shrinkTo(picture, boundTile(picture, layout)));
  }
  yield progress(ArtworkStep.LOADING, 1);

  yield progress(ArtworkStep.BLENDING, 0);
  // Handed over, not shared: the tiles are free before the picture is encoded.
  const picture = await placePictures(tiles.splice(0), layout);
  yield progress(ArtworkStep.BLENDING, 1);

  yield progress(ArtworkStep.SAVING, 0);
  const thumbnail = await compositionThumbnail(picture);
  const artwork = await saveArtwork(picture, thumbnail, methodName(layout), request, tools);
  yield progress(ArtworkStep.SAVING, 1);
  yield { event: { case: 'artwork', value: artwork } };
}

/** Pictures on black, in order, as the layout says. The result's bound is planComposition's. */
export async function placePictures(pictures: readonly Image[], layout: Layout): Promise<Image> {
  const plan = planComposition(pictures, layout);
  const canvas = blackImage(plan.width, plan.height);
  for (const [k, place] of plan.places.entries()) paste(canvas, await shrinkTo(pictures[k]!, place), place);
  return canvas;
}

async function shrinkTo(image: Image, { width, height }: { width: number; height: number }): Promise<Image> {
  return resizeImage(image, width, height, 'lanczos3');
}

function methodName(layout: Layout): string {
  switch (layout) {
    case CompositionLayout.HORIZONTAL:
      return 'horizontal';
    case CompositionLayout.VERTICAL:
      return 'vertical';
    case CompositionLayout.GRID_2X2:
      return 'grid_2x2';
    default:
      return layout satisfies never;
  }
}

function progress(step: ArtworkStep, fraction: number): ComposeResponse {
  return { event: { case: 'progress', value: { step, fraction } } };
}
