import type { Image } from '@irisvue/vision';
import { type Random, randomOf } from '../random.ts';
import { drawBall } from './ball.ts';
import { drawButton } from './button.ts';
import { type Canvas, develop, makeCanvas } from './canvas.ts';
import { drawClosedLid } from './closed-lid.ts';
import { drawCoin } from './coin.ts';
import { drawFlower } from './flower.ts';
import { drawLens } from './lens.ts';
import { drawMouth } from './mouth.ts';
import { drawNose } from './nose.ts';
import { drawPattern } from './patterns.ts';
import { drawPlate } from './plate.ts';
import { drawRings } from './rings.ts';
import { drawSkin } from './skin.ts';
import { drawText } from './text.ts';
import { drawTexture } from './texture.ts';
import { drawTrafficLight } from './traffic-light.ts';
import { drawWheel } from './wheel.ts';

/** A picture in which there is no eye. */
export interface NoEyePicture {
  /** For example "coin 03". */
  readonly name: string;
  readonly kind: string;
  /** The same bytes on every machine. */
  render(): Image;
}

type Draw = (canvas: Canvas, random: Random) => void;

/** What is drawn, and how often. */
const kinds: readonly (readonly [kind: string, count: number, draw: Draw])[] = [
  ['skin', 13, drawSkin],
  ['coin', 13, drawCoin],
  ['lens', 13, drawLens],
  ['button', 13, drawButton],
  ['mouth', 13, drawMouth],
  ['closed lid', 13, drawClosedLid],
  ['text', 13, drawText],
  ['rings', 13, drawRings],
  ['noise', 12, drawPattern],
  ['wheel', 12, drawWheel],
  ['plate', 12, drawPlate],
  ['traffic light', 12, drawTrafficLight],
  ['flower', 12, drawFlower],
  ['ball', 12, drawBall],
  ['nose', 12, drawNose],
  ['texture', 12, drawTexture],
];

const sizes: readonly (readonly [number, number])[] = [
  [640, 480],
  [480, 600],
  [560, 560],
  [800, 533],
  [720, 480],
];

/** 200 pictures without an eye, always the same ones: no model is trained on them. Their hashes are in pictures.sha256. */
export const noEyePictures: readonly NoEyePicture[] = kinds.flatMap(([kind, count, draw]) =>
  Array.from({ length: count }, (_, i) => {
    const name = `${kind} ${String(i + 1).padStart(2, '0')}`;
    return {
      name,
      kind,
      render: () => {
        const random = randomOf(name);
        const canvas = makeCanvas(...random.pick(sizes));
        draw(canvas, random);
        return develop(canvas, random);
      },
    };
  }),
);
