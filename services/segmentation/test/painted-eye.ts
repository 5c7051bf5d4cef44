import { type Oval, radiusTowards } from '../src/steps/oval.ts';

/** Probabilities of a disc, `size` × `size`: 1 inside, 0 outside, falling over `softness` cells across the border. */
export function paintDisc(oval: Oval, size: number, softness = 1): Float32Array {
  const radius = radiusTowards(oval);
  return Float32Array.from({ length: size * size }, (_, i) => {
    const dx = (i % size) + 0.5 - oval.cx;
    const dy = Math.floor(i / size) + 0.5 - oval.cy;
    const beyond = Math.hypot(dx, dy) - radius(Math.atan2(dy, dx));
    return Math.min(1, Math.max(0, 0.5 - beyond / softness));
  });
}

/** Numbers from 0 to 1 in a fixed sequence. */
export function seededNoise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
