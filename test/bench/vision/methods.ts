import { type Ellipse, type Image, type Mask, RejectionReason } from '@irisvue/vision';
import type { IrisModel } from '../../../services/segmentation/src/iris-model.ts';
import { segment } from '../../../services/segmentation/src/segment.ts';
import { paintEllipse } from './mask-score.ts';

/** What a method says about a photo. */
export type Answer =
  | { readonly mask: Mask; readonly limbus: Ellipse; readonly pupil: Ellipse | undefined }
  | { readonly refused: string; readonly measured: number };

/** A way to find an iris. */
export interface Method {
  readonly name: string;
  find(image: Image, limits: PhotoBounds): Promise<Answer>;
}

export type PhotoBounds = Parameters<typeof segment>[2];

/** What a person's photo must have: the defaults of the service. */
export const productBounds: PhotoBounds = { minIrisPx: 100, minVisiblePercent: 40 };

/** How well an iris is found is also asked of photos that the product would refuse for being small or half closed. */
export const measuringBounds: PhotoBounds = { minIrisPx: 16, minVisiblePercent: 5 };

/** The methods side by side. Without a model its place is left out. */
export function methods(model: IrisModel | undefined, modelName: string): Method[] {
  const service = (name: string, by: IrisModel | undefined): Method => ({
    name,
    find: async (image, bounds) => {
      const outcome = await segment(image, by, bounds);
      if ('rejection' in outcome) {
        const { reason, measured } = outcome.rejection;
        return { refused: nameOf(reason), measured };
      }
      const { mask, geometry } = outcome.segmented;
      return { mask, limbus: geometry.limbus, pupil: geometry.pupil };
    },
  });
  return [...(model ? [service(modelName, model)] : []), service('classical', undefined), circleInTheMiddle];
}

/** What costs nothing: a circle in the middle of the picture, its radius a third of the shorter side. */
const circleInTheMiddle: Method = {
  name: 'circle in the middle',
  find: async ({ width, height }) => {
    const radius = Math.min(width, height) / 3;
    const limbus = { cx: width / 2, cy: height / 2, a: radius, b: radius, angleDegrees: 0 };
    return { mask: paintEllipse(width, height, limbus), limbus, pupil: undefined };
  },
};

function nameOf(reason: RejectionReason): string {
  return Object.entries(RejectionReason).find(([, value]) => value === reason)?.[0] ?? `reason ${reason}`;
}
