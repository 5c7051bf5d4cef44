import { FusionArrangement, FusionEngine, FusionMode } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import type { Image } from '@irisvue/vision';
import { describe, expect, test } from 'vitest';
import { type Blended, blendIrises } from '../src/fuse.ts';
import { fitIris } from '../src/steps/fit-iris.ts';
import { type IrisPicture, standardIris } from '../src/steps/standard-iris.ts';
import { paintIris } from './painted-iris.ts';

const { MULTIGRID, OPENCV } = FusionEngine;
const sectors = { mode: FusionMode.POISSON, engine: MULTIGRID, arrangement: FusionArrangement.SECTORS };
const blue = paintIris({ side: 300, colour: [40, 90, 200] });
const brown = paintIris({ side: 240, colour: [150, 80, 30] });
const green = paintIris({ side: 320, colour: [60, 150, 70] });
const noError = (error: unknown) => {
  throw error;
};

async function blended(
  pictures: readonly IrisPicture[],
  how: Parameters<typeof blendIrises>[1] = sectors,
  tools: Parameters<typeof blendIrises>[2] = { onEngineError: noError },
): Promise<Blended & { readonly shares: readonly number[] }> {
  const blending = blendIrises(pictures, how, tools);
  const shares: number[] = [];
  let step = await blending.next();
  for (; !step.done; step = await blending.next()) shares.push(step.value);
  return { ...step.value, shares };
}

/** Mean colour in a square of 9 pixels, at an angle in degrees clockwise from the top, at a share of half the side. */
function colourAt({ width, data }: Image, degrees: number, share: number): [number, number, number] {
  const angle = (degrees * Math.PI) / 180;
  const x = Math.round(width / 2 + Math.sin(angle) * share * (width / 2));
  const y = Math.round(width / 2 - Math.cos(angle) * share * (width / 2));
  const sum: [number, number, number] = [0, 0, 0];
  for (let dy = -4; dy <= 4; dy++)
    for (let dx = -4; dx <= 4; dx++)
      for (const c of [0, 1, 2] as const) sum[c] += data[((y + dy) * width + x + dx) * 3 + c]!;
  return sum.map((value) => value / 81) as [number, number, number];
}

const strongest = (colour: readonly number[]) => ['red', 'green', 'blue'][colour.indexOf(Math.max(...colour))];

describe('blendIrises', () => {
  test('two irises take the right and the left half, each in its own colour', async () => {
    const { picture, method } = await blended([blue, brown]);
    expect(method).toBe('poisson-multigrid');
    expect([picture.width, picture.height]).toEqual([300, 300]);
    expect([60, 90, 120].map((angle) => strongest(colourAt(picture, angle, 0.65)))).toEqual(['blue', 'blue', 'blue']);
    expect([240, 270, 300].map((angle) => strongest(colourAt(picture, angle, 0.65)))).toEqual(['red', 'red', 'red']);
  });

  test('three take thirds and four take quarters, clockwise from the top', async () => {
    const three = (await blended([blue, brown, green])).picture;
    expect(three.width).toBe(320);
    expect([60, 180, 300].map((angle) => strongest(colourAt(three, angle, 0.65)))).toEqual(['blue', 'red', 'green']);
    const four = (await blended([green, blue, brown, blue])).picture;
    const colours = [45, 135, 225, 315].map((angle) => strongest(colourAt(four, angle, 0.65)));
    expect(colours).toEqual(['green', 'blue', 'red', 'blue']);
  });

  test('no step is seen where two sectors meet: going round, the colour changes slowly', async () => {
    const { picture } = await blended([blue, brown]);
    const round = Array.from({ length: 360 }, (_, degrees) => colourAt(picture, degrees, 0.65)[2]);
    const steps = round.map((value, i) => Math.abs(value - round[(i + 1) % 360]!));
    expect(Math.max(...round) - Math.min(...round)).toBeGreaterThan(120);
    expect(Math.max(...steps)).toBeLessThan(15);
  });

  test('what a lid hides of one iris is shown from another', async () => {
    const lidded = paintIris({ side: 300, colour: [40, 90, 200], lid: 0.3 });
    const { picture } = await blended([lidded, brown]);
    expect(strongest(colourAt(picture, 20, 0.75))).toBe('red');
    expect(strongest(colourAt(picture, 100, 0.65))).toBe('blue');
  });

  test('in an overlay the colour is between those of all', async () => {
    const { picture } = await blended([blue, brown], { ...sectors, arrangement: FusionArrangement.OVERLAY });
    for (const angle of [0, 90, 180, 270]) {
      const [red, , blueLevel] = colourAt(picture, angle, 0.65);
      expect(red).toBeGreaterThan(70);
      expect(blueLevel).toBeGreaterThan(90);
      expect(blueLevel).toBeLessThan(140);
    }
  });

  test('the pupil and the surroundings stay black', async () => {
    const { picture } = await blended([blue, brown, green]);
    expect(Math.max(...colourAt(picture, 0, 0))).toBeLessThan(2);
    expect(Math.max(...colourAt(picture, 45, 1.3))).toBe(0);
  });

  test('an engine that fails leads to alpha blending, and is reported', async () => {
    const errors: unknown[] = [];
    const opencv = async () => {
      throw new Error('out of memory');
    };
    const tools = { opencv, onEngineError: (error: unknown) => errors.push(error) };
    const fallback = await blended([blue, brown], { ...sectors, engine: OPENCV }, tools);
    const alpha = await blended([blue, brown], { ...sectors, mode: FusionMode.ALPHA });
    expect(fallback.method).toBe('alpha-fallback');
    expect(errors).toHaveLength(1);
    expect(alpha.method).toBe('alpha');
    expect(fallback.picture.data).toEqual(alpha.picture.data);
  });

  test('where OpenCV is wanted and not built, our own engine does it and says so', async () => {
    expect((await blended([blue, brown], { ...sectors, engine: OPENCV })).method).toBe('poisson-multigrid');
  });

  test('progress rises from 0 to 1; the same input gives the same bytes', async () => {
    const first = await blended([blue, brown]);
    expect(first.shares).toEqual([...first.shares].sort((a, b) => a - b));
    expect([first.shares[0], first.shares.at(-1)]).toEqual([0, 1]);
    expect((await blended([blue, brown])).picture.data).toEqual(first.picture.data);
  });
});

describe('fitIris', () => {
  test('an oblique iris with a wide pupil off its centre becomes round with the pupil of the base in its middle', async () => {
    const oblique = paintIris({
      side: 500,
      colour: [200, 200, 200],
      limbus: { a: 200, b: 160, angleDegrees: 30, cx: 260, cy: 240 },
      pupil: { a: 80, b: 64, angleDegrees: 30, cx: 275, cy: 232 },
    });
    const base = paintIris({ side: 400, colour: [90, 90, 90] });
    const standard = standardIris([base, oblique]);
    const fitted = await fitIris(oblique, standard);
    expect(standard.size).toBe(500);
    // Where brightness crosses half of the iris's, going out from the centre at each angle.
    for (let degrees = 0; degrees < 360; degrees += 15) {
      const along = Array.from({ length: 240 }, (_, r) => {
        const angle = (degrees * Math.PI) / 180;
        const x = Math.floor(standard.cx + r * Math.cos(angle));
        return fitted.data[(Math.floor(standard.cy + r * Math.sin(angle)) * standard.size + x) * 3]!;
      });
      expect(Math.abs(along.findIndex((value) => value > 85) - standard.pupilRadius)).toBeLessThan(2.5);
      expect(Math.abs(along.findLastIndex((value) => value > 85) - standard.radius)).toBeLessThan(2.5);
    }
  });

  test('a round iris in its own frame stays as it is, but for the margin', async () => {
    const standard = standardIris([blue]);
    const fitted = await fitIris(blue, standard);
    const changed = fitted.data.reduce((n, value, i) => n + Number(Math.abs(value - blue.image.data[i]!) > 1), 0);
    expect(changed).toBe(0);
  });

  test('a source whose pupil cannot be seen is not refused', async () => {
    const { limbus, frameWidth, frameHeight } = blue.geometry;
    const blind = { image: blue.image, geometry: { limbus, frameWidth, frameHeight } };
    const fitted = await fitIris(blind, standardIris([blind, brown]));
    expect(strongest(colourAt(fitted, 90, 0.65))).toBe('blue');
  });
});

test('standardIris bounds the canvas and refuses a geometry of another frame', () => {
  const image = { width: 3000, height: 3000, data: new Uint8Array(27_000_000) };
  const geometry = { ...blue.geometry, frameWidth: 3000, frameHeight: 3000 };
  expect(standardIris([{ image, geometry }]).size).toBe(2048);
  expect(() => standardIris([{ image: blue.image, geometry }])).toThrow('the geometry is not of the picture');
});
