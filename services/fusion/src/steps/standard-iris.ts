import { DomainError, ErrorReason } from '@irisvue/runtime';
import { type Image, type IrisGeometry, meanRadius } from '@irisvue/vision';

/** A decoded source with its limbus and pupil in the picture's pixels. */
export interface IrisPicture {
  readonly image: Image;
  readonly geometry: IrisGeometry;
}

/**
 * The iris that all sources are brought to: a round limbus with a round pupil in its middle, on a square canvas. All
 * lengths in canvas pixels, corner origin.
 */
export interface StandardIris {
  readonly size: number;
  readonly cx: number;
  readonly cy: number;
  readonly radius: number;
  readonly pupilRadius: number;
}

/** Largest side of a fusion, in pixels: keeps memory bounded (features U2). */
const MAX_SIZE = 2048;
/** Pupil to iris ratio where no source shows its pupil: in the middle of what adults have in room light (0.2 to 0.6). */
const TYPICAL_PUPIL_RATIO = 0.35;

/**
 * The standard of a fusion: a canvas as large as the largest source, at most 2048 × 2048, with the base's limbus and
 * pupil sizes. The base is the first picture. @throws DomainError INVALID_FIELD when a geometry is of another frame.
 */
export function standardIris(pictures: readonly IrisPicture[]): StandardIris {
  for (const { image, geometry } of pictures)
    if (geometry.frameWidth !== image.width || geometry.frameHeight !== image.height)
      throw new DomainError(ErrorReason.INVALID_FIELD, 'the geometry is not of the picture', {
        field: 'sources.geometry',
        limit: `${image.width} x ${image.height}`,
      });
  const size = Math.min(MAX_SIZE, Math.max(...pictures.map(({ image }) => Math.max(image.width, image.height))));
  const { image, geometry } = pictures[0]!;
  const scale = size / Math.max(image.width, image.height);
  const radius = meanRadius(geometry.limbus) * scale;
  const ratio = pictures.map((picture) => pupilRatio(picture.geometry)).find((r) => r !== undefined);
  return {
    size,
    cx: geometry.limbus.cx * scale,
    cy: geometry.limbus.cy * scale,
    radius,
    pupilRadius: radius * (ratio ?? TYPICAL_PUPIL_RATIO),
  };
}

function pupilRatio({ limbus, pupil }: IrisGeometry): number | undefined {
  return pupil && meanRadius(pupil) / meanRadius(limbus);
}
