import type { Image, IrisGeometry, Mask } from '@irisvue/vision';
import type { CropSquare } from './steps/cut-crop.ts';

/** How an iris was found. */
export type SegmentMethod = 'unet-two-networks' | 'classical-limbus';

/** An iris with its surroundings. Geometry is in photo pixels; crop and labels show `square`. */
export interface FoundIris {
  readonly method: SegmentMethod;
  readonly geometry: IrisGeometry;
  readonly square: CropSquare;
  readonly crop: Image;
  /** Values of Label; the crop's size. */
  readonly labels: Mask;
}

/** An iris, or how much spoke for one, 0 to 1, and how much it would have taken. */
export type IrisFinding = { readonly iris: FoundIris } | { readonly evidence: number; readonly limit: number };
