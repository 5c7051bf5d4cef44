import type { Ellipse, Image, Mask } from '@irisvue/vision';

/** A picture of an eye with the truth about it. */
export interface LabelledEye {
  readonly image: Image;
  /** 255 where the iris is visible: lids and pupil excluded, lashes and highlights included. */
  readonly iris: Mask;
  /** Values of Label for the whole picture; absent where only the iris was labelled. */
  readonly labels?: Mask;
  /** 255 on highlights; absent where they were not labelled. */
  readonly glare?: Mask;
  /** Continued behind the lids; absent where only the iris was labelled. */
  readonly limbus?: Ellipse;
  /** Continued behind the lids; absent where it cannot be seen or was not labelled. */
  readonly pupil?: Ellipse;
}

/** Where a labelled eye comes from. Pictures are read one at a time: a folder of large ones does not fit in memory. */
export interface EyeSource {
  readonly name: string;
  /** Eyes of one kind, told apart in the table: "rendered", or what stands before "_" in the file's name. */
  readonly group: string;
  /** Which groups belong together: what was labelled in the same way. */
  readonly set: string;
  load(): Promise<LabelledEye>;
}
