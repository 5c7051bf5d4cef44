import { type IrisGeometry, Label, type Mask } from '@irisvue/vision';
import type { CropSquare } from './cut-crop.ts';
import { distanceFrom } from './ellipse-distance.ts';

/** Which share of the iris, 0 to 1, can be seen, and what hides the rest. Together they are 1. */
export interface Cover {
  readonly visible: number;
  /** Hidden above the limbus's centre: by the upper lid and its lashes. */
  readonly above: number;
  /** Hidden below it: by the lower lid. */
  readonly below: number;
  /** Beyond the photo's edge. */
  readonly beyondPhoto: number;
}

/** Rows and columns that are counted at most; of a larger square evenly spread ones. */
const mostLines = 512;

/** Counts the pixels between pupil and limbus. The pupil's place counts as pupil, also where its label is missing. */
export function measureCover(labels: Mask, square: CropSquare, geometry: IrisGeometry): Cover {
  const { limbus, pupil, frameWidth, frameHeight } = geometry;
  const counts = { visible: 0, above: 0, below: 0, beyondPhoto: 0 };
  const fromLimbus = distanceFrom(limbus);
  const fromPupil = pupil && distanceFrom(pupil);
  let all = 0;
  const stride = Math.max(1, Math.floor(square.side / mostLines));
  for (let row = stride >> 1; row < square.side; row += stride) {
    for (let column = stride >> 1; column < square.side; column += stride) {
      const x = square.x + column + 0.5;
      const y = square.y + row + 0.5;
      if (fromLimbus(x, y) > 0 || (fromPupil && fromPupil(x, y) < 0)) continue;
      const label = labels.data[row * square.side + column];
      if (label === Label.pupil) continue;
      all++;
      if (x < 0 || y < 0 || x > frameWidth || y > frameHeight) counts.beyondPhoto++;
      else if (label === Label.iris) counts.visible++;
      else if (y < limbus.cy) counts.above++;
      else counts.below++;
    }
  }
  const share = (count: number): number => (all > 0 ? count / all : 0);
  return {
    visible: share(counts.visible),
    above: share(counts.above),
    below: share(counts.below),
    beyondPhoto: share(counts.beyondPhoto),
  };
}
