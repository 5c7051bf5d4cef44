import { type Model, ModelError, networkOf, openModel, type SlotShare } from '@irisvue/vision';
import type { ClassMap, Square } from './steps/class-map.ts';

const name = 'iris-segmentation';
const classes = ['background', 'sclera', 'iris', 'pupil'] as const;

/** The net that tells iris, pupil and sclera apart. */
export interface IrisModel extends AsyncDisposable {
  readonly model: Model;
  /** Side in cells of what goes in and comes out. */
  readonly size: number;
  /** Least probability of iris or pupil that makes a cell part of an eye. */
  readonly threshold: number;
  /**
   * Class probabilities of a square, from planes B, G, R of 0 to 1 (NCHW): the mean of the picture and its mirror
   * image, which halves what the net gets wrong by chance.
   */
  predict(planes: Float32Array, square: Square): Promise<ClassMap>;
}

/** Opens the net, or tells that there is none. @throws ModelError when its card promises something else. */
export async function openIrisModel(modelsDir: string, share: SlotShare): Promise<IrisModel | undefined> {
  const model = await openModel(modelsDir, name, share);
  if (!model) return undefined;
  const { card, run } = networkOf(model, 'main');
  const [, channels, height, size] = card.input.shape;
  const threshold = model.card.thresholds['iris_or_pupil'];
  if (channels !== 3 || typeof size !== 'number' || height !== size || card.input.channels !== 'BGR') {
    throw new ModelError(name, `takes ${card.input.channels} [${card.input.shape}], not BGR of a fixed square`);
  }
  if (card.classes?.join() !== classes.join())
    throw new ModelError(name, `has classes ${card.classes}, not ${classes}`);
  if (threshold === undefined) throw new ModelError(name, 'has no threshold iris_or_pupil');
  return {
    model,
    size,
    threshold,
    predict: async (planes, square) => {
      const dims = [1, 3, size, size];
      const { prob: straight } = await run(planes, dims);
      const { prob: mirrored } = await run(mirror(planes, size), dims);
      const mean = mirror(mirrored, size);
      for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] + straight[i]) / 2;
      const [background, sclera, iris, pupil] = classes.map((_, i) =>
        mean.subarray(i * size * size, (i + 1) * size * size),
      );
      return { size, square, background, sclera, iris, pupil };
    },
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  };
}

/** Planes with left and right exchanged. */
function mirror(planes: Float32Array, size: number): Float32Array {
  const out = new Float32Array(planes.length);
  for (let row = 0; row < planes.length; row += size) {
    for (let x = 0; x < size; x++) out[row + x] = planes[row + size - 1 - x];
  }
  return out;
}
