import { type Image, resizeImage } from '@irisvue/vision';
import type { IrisModel } from '../iris-model.ts';
import { chooseEye, type EyeCandidate } from './choose-eye.ts';
import { type ClassMap, cellSide, refine, type Square } from './class-map.ts';
import { sampleSquare } from './sample-square.ts';

/** Longest side of the copy that the net looks at; more detail than this it cannot see. */
const workingSide = 768;
/** Side of the second look, in iris diameters. A looser or tighter square scores lower. */
const lookWidth = 1.9;
/** The visible part of an iris has about 83 % of its whole area, so its diameter is that much more. */
const hiddenPart = 1.1;
/** Shortest side of a second look, in pixels of the working copy: below is nothing to see. */
const shortestLook = 24;
/** Longest side of a second look, in longer sides of the photo. */
const longestLook = 1.3;
/** Cells of the refined map for each cell of the net, so that borders are found between cells. */
const refinement = 3;

/** The classes around an eye and the eye in it. */
export interface SeenEye {
  readonly map: ClassMap;
  readonly eye: EyeCandidate;
}

/**
 * Looks for an iris in a photo, twice: 1) the whole photo, letterboxed, to find where the eye is 2) a tight square
 * around it, to see its borders. Undefined when neither shows a region of iris and pupil.
 */
export async function findIris(image: Image, model: IrisModel): Promise<SeenEye | undefined> {
  const scale = Math.min(1, workingSide / Math.max(image.width, image.height));
  const copy = await resizeImage(image, Math.round(image.width * scale), Math.round(image.height * scale), 'area');
  const look = async (square: Square): Promise<ClassMap> => {
    const { x, y, side } = square;
    const fx = copy.width / image.width;
    const seen = sampleSquare(copy, { x: x * fx, y: y * fx, side: side * fx }, model.size);
    return clearBeyond(await model.predict(seen, square), image);
  };

  const whole = await look(letterbox(image));
  const first = chooseEye(whole, model.threshold);
  if (!first) return undefined;
  const map = refine(await look(secondLook(whole, first, image, scale)), refinement);
  const eye = chooseEye(map, model.threshold);
  return eye && { map, eye };
}

function letterbox({ width, height }: Image): Square {
  const side = Math.max(width, height);
  return { x: (width - side) / 2, y: (height - side) / 2, side };
}

function secondLook(map: ClassMap, eye: EyeCandidate, image: Image, scale: number): Square {
  const cell = cellSide(map);
  const diameter = hiddenPart * 2 * Math.sqrt(eye.cells.length / Math.PI) * cell;
  const longest = longestLook * Math.max(image.width, image.height);
  const side = Math.min(Math.max(lookWidth * diameter, shortestLook / scale), longest);
  let x = 0;
  let y = 0;
  for (const i of eye.cells) {
    x += (i % map.size) + 0.5;
    y += Math.floor(i / map.size) + 0.5;
  }
  return {
    x: map.square.x + (x / eye.cells.length) * cell - side / 2,
    y: map.square.y + (y / eye.cells.length) * cell - side / 2,
    side,
  };
}

/** What the net says about the grey beyond the photo is of no meaning: there is background. */
function clearBeyond(map: ClassMap, { width, height }: Image): ClassMap {
  const cell = cellSide(map);
  const { size, square } = map;
  for (let i = 0; i < size * size; i++) {
    const x = square.x + ((i % size) + 0.5) * cell;
    const y = square.y + (Math.floor(i / size) + 0.5) * cell;
    if (x >= 0 && y >= 0 && x < width && y < height) continue;
    map.background[i] = 1;
    map.sclera[i] = 0;
    map.iris[i] = 0;
    map.pupil[i] = 0;
  }
  return map;
}
