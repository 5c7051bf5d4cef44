import { expect, test } from 'vitest';
import type { EyeNetwork } from '../src/eye-network.ts';
import type { ExpectedEye, EyeAnswer } from '../src/steps/eye-answer.ts';
import { eyeStarts } from '../src/steps/eye-starts.ts';
import { lookWidths, outlineEye } from '../src/steps/outline-eye.ts';
import type { Oval } from '../src/steps/oval.ts';
import { toCells } from '../src/steps/square.ts';
import { paintDisc, paintFace } from './painted-eye.ts';

const size = 160;
const oval = (cx: number, cy: number, r: number): Oval => ({ cx, cy, r, e1: 0, e2: 0 });

function expectedAt(limbus: Oval, presence: number): ExpectedEye {
  const lid = { heights: Array(9).fill(0), error: 1 };
  const round = { ...limbus, error: 1 };
  return { presence, limbus: round, pupil: round, upperLid: lid, lowerLid: lid };
}

interface Thing {
  readonly at: Oval;
  readonly sclera: boolean;
  readonly pupil: boolean;
}

/** An answer that shows round things; the disc of the first one is whole although only its lower part is seen. */
function answer(things: readonly Thing[], expected: ExpectedEye, lid = 0): EyeAnswer {
  const empty = () => new Float32Array(size * size);
  const map = {
    size,
    square: { x: 0, y: 0, side: size },
    background: empty(),
    sclera: empty(),
    iris: empty(),
    pupil: empty(),
    limbusDisc: empty(),
    pupilDisc: empty(),
  };
  for (const { at, sclera, pupil } of things) {
    const disc = paintDisc(at, size);
    const around = paintDisc({ ...at, r: at.r * 1.5 }, size);
    const hole = paintDisc({ ...at, r: pupil ? at.r / 3 : 0.01 }, size);
    for (let i = 0; i < disc.length; i++) {
      map.limbusDisc[i] = Math.max(map.limbusDisc[i], disc[i]);
      if (Math.floor(i / size) < at.cy - at.r + lid * 2 * at.r) continue;
      map.pupil[i] = Math.max(map.pupil[i], hole[i]);
      map.iris[i] = Math.max(map.iris[i], disc[i] - hole[i]);
      if (sclera) map.sclera[i] = Math.max(map.sclera[i], around[i] - disc[i]);
    }
  }
  for (let i = 0; i < size * size; i++) map.background[i] = 1 - map.sclera[i] - map.iris[i] - map.pupil[i];
  return { map, expected };
}

const eye = { at: oval(50, 60, 12), sclera: true, pupil: true };
const cloth = { at: oval(110, 90, 25), sclera: false, pupil: false };

test('an eye comes before a larger patch without sclera and pupil', () => {
  const starts = eyeStarts(answer([cloth, eye], expectedAt(oval(0, 0, 1), 0)), 0.5, 0.5);
  expect(starts.map(({ cx }) => Math.round(cx))).toEqual([50, 110]);
});

test('the circle is that of the whole disc, also when a lid hides a third of the iris', () => {
  const [start] = eyeStarts(answer([eye], expectedAt(eye.at, 1), 1 / 3), 0.5, 0.5);
  expect(start.cx).toBeCloseTo(50, 0);
  expect(start.cy).toBeCloseTo(60, 0);
  expect(start.r).toBeCloseTo(12, 0);
});

test('of two like eyes the one that the network points at comes first', () => {
  const other = { ...eye, at: oval(110, 60, 12) };
  for (const at of [eye.at, other.at]) {
    const [first] = eyeStarts(answer([eye, other], expectedAt(at, 0.9)), 0.5, 0.5);
    expect(first.cx).toBeCloseTo(at.cx, 0);
  }
});

test('an eye that only the direct answer knows comes last, and only when it is sure', () => {
  const unseen = oval(100, 100, 20);
  const sure = eyeStarts(answer([eye], expectedAt(unseen, 0.9)), 0.5, 0.5);
  expect(sure.map(({ cx, likeness }) => [Math.round(cx), likeness > 0])).toEqual([
    [50, true],
    [100, false],
  ]);
  expect(eyeStarts(answer([eye], expectedAt(unseen, 0.3)), 0.5, 0.5)).toHaveLength(1);
  expect(eyeStarts(answer([], expectedAt(unseen, 0.3)), 0.5, 0.5)).toEqual([]);
});

test('at most three places are worth a look', () => {
  const many = [20, 60, 100, 140].map((cx) => ({ ...eye, at: oval(cx, 60, 10) }));
  expect(eyeStarts(answer(many, expectedAt(oval(0, 0, 1), 0)), 0.5, 0.5)).toHaveLength(3);
});

/** A network that always knows where the iris is, and the squares that it was shown. */
function knowing(truth: Oval, presence: number): { readonly network: EyeNetwork; readonly sides: number[] } {
  const sides: number[] = [];
  const network: EyeNetwork = {
    size,
    look: async (_planes, square) => {
      sides.push(square.side);
      const empty = answer([], expectedAt(toCells(truth, square, size), presence));
      return { ...empty, map: { ...empty.map, square } };
    },
  };
  return { network, sides };
}

const photo = paintFace(300, 200, []);
const truth = oval(150, 100, 30);

test.each([
  ['close by', oval(152, 101, 29)],
  ['beside it', oval(170, 100, 30)],
  ['of the wrong size', oval(150, 100, 45)],
])('an iris is looked at widely from a start %s, widely from its own middle, and closely', async (_where, start) => {
  const { network, sides } = knowing(truth, 0.9);
  const { wide, close } = await outlineEye(photo, start, network, 0.5);
  expect(sides).toHaveLength(3);
  expect(wide.map.square.side).toBeCloseTo(lookWidths.wide * 60, 6);
  expect(close.map.square.side).toBeCloseTo(lookWidths.close * 60, 6);
  for (const { x, side } of [wide.map.square, close.map.square]) expect(x + side / 2).toBeCloseTo(150, 6);
});

test('what is no eye is looked at once', async () => {
  const { network, sides } = knowing(truth, 0.1);
  const { wide, close } = await outlineEye(photo, oval(170, 100, 45), network, 0.5);
  expect(sides).toHaveLength(1);
  expect(close).toBe(wide);
});
