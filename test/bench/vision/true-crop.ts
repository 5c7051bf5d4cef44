import { Label, type Mask, moveEllipse } from '@irisvue/vision';
import type { IrisCrop } from '../../../services/enhancement/src/iris-crop.ts';
import { cropAround, cutCrop } from '../../../services/segmentation/src/steps/cut-crop.ts';
import type { LabelledEye } from './labelled-eye.ts';
import { emptyMaskLike } from './mask-score.ts';

/** What a perfect segmentation would hand over, so that the later steps are measured alone. */
export interface TrueCrop {
  readonly crop: IrisCrop;
  /** 255 on highlights of the iris or the pupil. */
  readonly glare: Mask;
}

/** Undefined where limbus, labels or highlights are not known. */
export function trueCrop({ image, labels, limbus, pupil, glare }: LabelledEye): TrueCrop | undefined {
  if (!labels || !limbus || !glare) return undefined;
  const square = cropAround(limbus);
  const cut = (mask: Mask): Mask => cutMask(mask, square);
  const crop = {
    image: cutCrop(image, square),
    labels: cut(labels),
    geometry: {
      limbus: moveEllipse(limbus, square.x, square.y),
      pupil: pupil && moveEllipse(pupil, square.x, square.y),
      frameWidth: square.side,
      frameHeight: square.side,
    },
  };
  const lit = cut(glare);
  for (let i = 0; i < lit.data.length; i++) if (crop.labels.data[i] < Label.iris) lit.data[i] = 0;
  return { crop, glare: lit };
}

function cutMask(mask: Mask, { x, y, side }: ReturnType<typeof cropAround>): Mask {
  const out = emptyMaskLike({ width: side, height: side });
  for (let row = Math.max(0, -y); row < Math.min(side, mask.height - y); row++) {
    for (let column = Math.max(0, -x); column < Math.min(side, mask.width - x); column++) {
      out.data[row * side + column] = mask.data[(y + row) * mask.width + x + column];
    }
  }
  return out;
}
