import { type Model, ModelError, type Network, networkOf } from '@irisvue/vision';
import { type EyeAnswer, expectedLength, meanExpected, mirrorExpected, readExpected } from './steps/eye-answer.ts';
import { meanWithMirrored, mirrorPlanes } from './steps/mirror-planes.ts';
import type { Square } from './steps/square.ts';

const classes = ['background', 'sclera', 'iris', 'pupil', 'limbus_disc', 'pupil_disc', 'highlight'] as const;

/** A network that tells what a square shows: the parts of an eye cell by cell, its curves directly. */
export interface EyeNetwork {
  /** Side in cells of what goes in and comes out. */
  readonly size: number;
  /**
   * What a square shows, from its planes B, G, R of 0 to 1 (NCHW): the mean of the picture and its mirror image, which
   * halves what the network gets wrong by chance.
   */
  look(planes: Float32Array, square: Square): Promise<EyeAnswer>;
}

/** The network of that name. @throws ModelError when its card promises something else. */
export function openEyeNetwork(model: Model, name: string): EyeNetwork {
  const network = networkOf(model, name);
  const size = checkCard(network, `${model.card.name} ${model.card.version}: ${name}`);
  const dims = [1, 3, size, size];
  const cells = size * size;
  return {
    size,
    look: async (planes, square) => {
      const straight = await network.run(planes, dims);
      const mirrored = await network.run(mirrorPlanes(planes, size), dims);
      const prob = meanWithMirrored(straight.prob, mirrored.prob, size);
      const [background, sclera, iris, pupil, limbusDisc, pupilDisc] = classes.map((_, i) =>
        prob.subarray(i * cells, (i + 1) * cells),
      );
      const expected = meanExpected(
        readExpected(straight.geometry, size),
        mirrorExpected(readExpected(mirrored.geometry, size), size),
      );
      return { map: { size, square, background, sclera, iris, pupil, limbusDisc, pupilDisc }, expected };
    },
  };
}

/** The side of the square that the network takes. */
function checkCard({ card }: Network, where: string): number {
  const { input, outputs } = card;
  const [, channels, height, size] = input.shape;
  if (channels !== 3 || typeof size !== 'number' || height !== size || input.channels !== 'BGR') {
    throw new ModelError(where, `takes ${input.channels} [${input.shape}], not BGR of a fixed square`);
  }
  if (card.classes?.join() !== classes.join()) {
    throw new ModelError(where, `has classes ${card.classes}, not ${classes}`);
  }
  const wanted = { prob: [1, classes.length, size, size], geometry: [1, expectedLength] };
  for (const [name, shape] of Object.entries(wanted)) {
    const found = outputs.find((output) => output.name === name);
    if (found?.shape.join() !== shape.join()) throw new ModelError(where, `has no output ${name} of [${shape}]`);
  }
  return size;
}
