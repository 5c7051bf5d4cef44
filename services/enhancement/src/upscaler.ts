import { type Device, type Image, type Model, networkOf, openModel } from '@irisvue/vision';
import { type Region, resample, resampleReach } from './steps/resample.ts';

/** Draws regions of an enlarged picture. What a pixel becomes must not depend on the region it is drawn in. */
export interface Upscaler {
  /** Name of the method, as provenance gives it. */
  readonly method: string;
  /** The model, when one is used. */
  readonly model: Model | undefined;
  /** Draws `region` of `source`. */
  upscale(source: Image, region: Region): Promise<Image>;
}

/** Name of the model that takes Lanczos' place when its folder is there. */
export const upscaleModelName = 'iris-superres';

/** Lanczos with 3 lobes: needs no model. */
export const lanczosUpscaler: Upscaler = {
  method: 'lanczos',
  model: undefined,
  upscale: async (source, region) => resample(source, region),
};

/** The model's upscaler when the model is there, otherwise Lanczos. @throws ModelError when it is there but unfit. */
export async function openUpscaler(
  modelsDir: string,
  share: { readonly device: Device; readonly threads: number },
): Promise<Upscaler> {
  const model = await openModel(modelsDir, upscaleModelName, share);
  return model ? modelUpscaler(model) : lanczosUpscaler;
}

/** The model enlarges by this factor. */
const modelFactor = 4;
/**
 * From this scale on a model is worth its time. Below it the photo has nearly all that the result can show, and the
 * time grows with the photo's pixels, of which there are then many.
 */
const leastModelScale = 2;

/** The upscaler itself, or Lanczos where its model is not worth its time. */
export function upscalerFor(scale: number, upscaler: Upscaler): Upscaler {
  return upscaler.model && scale < leastModelScale ? lanczosUpscaler : upscaler;
}

/** Source pixels around a region that the model is shown besides, when its card does not say how far it looks. */
const defaultReceptiveRadius = 16;

/**
 * An upscaler over a network 1×3×H×W → 1×3×4H×4W, RGB or BGR, with values 0 to 1. The card's threshold
 * `receptive_radius` says how many source pixels around a pixel it looks at. Each region is shown to it with that much
 * around it, so that regions fit together; scales below 4 are drawn from its enlargement. Memory grows with the region:
 * about 1.5 KiB for each source pixel that it shows, for iris-superres 1.
 */
export function modelUpscaler(model: Model): Upscaler {
  const { card, run } = networkOf(model, 'main');
  const { shape, channels } = card.input;
  const [{ name: enlargement }] = card.outputs;
  if (shape.length !== 4 || shape[1] !== 3 || typeof shape[2] === 'number' || typeof shape[3] === 'number') {
    throw new TypeError(`${model.card.name}: wants input 1×3×H×W of any size, model.json says [${shape}]`);
  }
  const radius = model.card.thresholds['receptive_radius'] ?? defaultReceptiveRadius;
  return {
    method: 'super-resolution',
    model,
    upscale: async (source, region) => {
      const scale = region.scale / modelFactor;
      const shown = around(source, region, radius + resampleReach(scale) / modelFactor);
      const input = toPlanes(source, shown, channels === 'BGR');
      const { [enlargement]: output } = await run(input, [1, 3, shown.height, shown.width]);
      const enlarged = fromPlanes(output, shown.width * modelFactor, shown.height * modelFactor, channels === 'BGR');
      return resample(enlarged, {
        ...region,
        originX: (region.originX - shown.x) * modelFactor,
        originY: (region.originY - shown.y) * modelFactor,
        scale,
      });
    },
  };
}

interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The source pixels under a region and at least `radius` more on each side, within the source. */
function around(source: Image, region: Region, radius: number): Rectangle {
  const left = Math.max(0, Math.floor(region.originX + region.x / region.scale - radius));
  const top = Math.max(0, Math.floor(region.originY + region.y / region.scale - radius));
  const right = Math.min(source.width, Math.ceil(region.originX + (region.x + region.width) / region.scale + radius));
  const bottom = Math.min(
    source.height,
    Math.ceil(region.originY + (region.y + region.height) / region.scale + radius),
  );
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function toPlanes({ width, data }: Image, shown: Rectangle, reversed: boolean): Float32Array {
  const size = shown.width * shown.height;
  const planes = new Float32Array(size * 3);
  const [red, green, blue] = planesOf(size, reversed);
  for (let y = 0, i = 0; y < shown.height; y++) {
    let at = ((shown.y + y) * width + shown.x) * 3;
    for (let x = 0; x < shown.width; x++, i++, at += 3) {
      planes[red + i] = data[at] / 255;
      planes[green + i] = data[at + 1] / 255;
      planes[blue + i] = data[at + 2] / 255;
    }
  }
  return planes;
}

function fromPlanes(planes: Float32Array, width: number, height: number, reversed: boolean): Image {
  const size = width * height;
  const [red, green, blue] = planesOf(size, reversed);
  // Clamped arrays round and clamp as they are written.
  const data = new Uint8ClampedArray(size * 3);
  for (let i = 0, at = 0; i < size; i++, at += 3) {
    data[at] = planes[red + i] * 255;
    data[at + 1] = planes[green + i] * 255;
    data[at + 2] = planes[blue + i] * 255;
  }
  return { width, height, data: new Uint8Array(data.buffer) };
}

/** Where the planes of red, green and blue begin. */
function planesOf(size: number, reversed: boolean): readonly [number, number, number] {
  return reversed ? [2 * size, size, 0] : [0, size, 2 * size];
}
