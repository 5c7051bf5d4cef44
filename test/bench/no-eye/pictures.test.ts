import { describe, expect, test } from 'vitest';
import { angleOf, cosine, fade, sine } from './arithmetic.ts';
import { committedHashes, hashOf } from './hashes.ts';
import { noEyePictures } from './pictures.ts';

describe('the pictures without an eye', () => {
  const committed = committedHashes();

  test('are 200, each with a name, a hash and a picture of its own', () => {
    expect(noEyePictures).toHaveLength(200);
    expect([...committed.keys()]).toEqual(noEyePictures.map(({ name }) => name));
    expect(new Set(committed.values()).size).toBe(200);
  });

  // The bench checks all of them as it shows them.
  test.each(noEyePictures.filter((_, i) => i % 25 === 6))('$name has the committed pixels', ({ name, render }) => {
    const image = render();
    expect(image.data).toHaveLength(image.width * image.height * 3);
    expect(hashOf(image)).toBe(committed.get(name));
  });
});

test('their arithmetic is that of the standard library', () => {
  for (let x = -20; x < 20; x += 0.37) {
    expect(sine(x)).toBeCloseTo(Math.sin(x), 4);
    expect(cosine(x)).toBeCloseTo(Math.cos(x), 4);
    expect(angleOf(Math.cos(x), Math.sin(x))).toBeCloseTo(Math.atan2(Math.sin(x), Math.cos(x)), 3);
    if (x > 0) expect(Math.abs(fade(x) - Math.exp(-x))).toBeLessThan(0.02);
  }
});
