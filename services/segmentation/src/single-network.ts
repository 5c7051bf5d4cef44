import { type Image, type Model, ModelError, networkOf, resizeImage } from '@irisvue/vision';
import type { IrisFinding } from './found-iris.ts';
import { dilate, regionOf } from './steps/cell-regions.ts';
import { type ClassMap, cellSide, clearBeyond } from './steps/class-map.ts';
import { cropAround, cutCrop } from './steps/cut-crop.ts';
import { type EyeCandidate, eyeCandidates } from './steps/eye-candidates.ts';
import { fitGeometry } from './steps/fit-geometry.ts';
import { meanWithMirrored, mirrorPlanes } from './steps/mirror-planes.ts';
import { paintLabels } from './steps/paint-labels.ts';
import { ramp } from './steps/ramp.ts';
import { refineMap } from './steps/refine-map.ts';
import { sampleSquare } from './steps/sample-square.ts';
import { letterbox, type Square } from './steps/square.ts';
import { countTones } from './steps/tones.ts';
import { evidenceScore, leastEvidence, weighTones } from './steps/weigh-evidence.ts';

// The use of iris-segmentation 0, whose one network looks twice and answers classes only.

const workingSide = 768;
const lookWidth = 1.9;
const hiddenPart = 1.1;
const shortestLook = 24;
const longestLook = 1.3;
const refinement = 3;

/** Finds an iris with a model of one network: the whole photo, then a tight square around what was found. */
export function findWithSingleNetwork(model: Model): (photo: Image) => Promise<IrisFinding> {
  const { card, run } = networkOf(model, 'main');
  const [, , , size] = card.input.shape;
  const threshold = model.card.thresholds['iris_or_pupil'];
  if (typeof size !== 'number' || threshold === undefined) throw new ModelError(model.card.name, 'lacks size or limit');
  const predict = async (planes: Float32Array, square: Square): Promise<ClassMap> => {
    const dims = [1, 3, size, size];
    const { prob: straight } = await run(planes, dims);
    const { prob: mirrored } = await run(mirrorPlanes(planes, size), dims);
    const mean = meanWithMirrored(straight, mirrored, size);
    const [background, sclera, iris, pupil] = [0, 1, 2, 3].map((i) =>
      mean.subarray(i * size ** 2, (i + 1) * size ** 2),
    );
    return { size, square, background, sclera, iris, pupil };
  };
  return async (photo) => {
    const none = { evidence: 0, limit: leastEvidence };
    const scale = Math.min(1, workingSide / Math.max(photo.width, photo.height));
    const copy = await resizeImage(photo, Math.round(photo.width * scale), Math.round(photo.height * scale), 'area');
    const look = async (square: Square): Promise<ClassMap> => {
      const [x, y, side] = [square.x, square.y, square.side].map((value) => (value * copy.width) / photo.width);
      return clearBeyond(await predict(sampleSquare(copy, { x, y, side }, size), square), photo);
    };
    const whole = await look(letterbox(photo));
    const [first] = eyeCandidates(whole, threshold);
    if (!first) return none;
    const map = refineMap(await look(secondLook(whole, first, photo, scale)), refinement);
    const [eye] = eyeCandidates(map, threshold);
    const fitted = eye && fitGeometry(map, eye, photo);
    if (!fitted) return none;
    const square = cropAround(fitted.geometry.limbus);
    const crop = cutCrop(photo, square);
    const labels = paintLabels(only(map, eye), square, photo);
    const certainty = { net: ramp(eye.certainty, 0.8, 0.95), sclera: ramp(eye.scleraContact, 0, 0.3) };
    const evidence = Math.min(certainty.net, certainty.sclera, evidenceScore(weighTones(countTones(crop, labels))));
    if (evidence < leastEvidence) return { ...none, evidence };
    return { iris: { method: 'unet-two-pass', geometry: fitted.geometry, square, crop, labels } };
  };
}

function secondLook(map: ClassMap, { cells }: EyeCandidate, photo: Image, scale: number): Square {
  const cell = cellSide(map);
  const diameter = hiddenPart * 2 * Math.sqrt(cells.length / Math.PI) * cell;
  const longest = longestLook * Math.max(photo.width, photo.height);
  const side = Math.min(Math.max(lookWidth * diameter, shortestLook / scale), longest);
  let x = 0;
  let y = 0;
  for (const i of cells) {
    x += (i % map.size) + 0.5;
    y += Math.floor(i / map.size) + 0.5;
  }
  return {
    x: map.square.x + (x / cells.length) * cell - side / 2,
    y: map.square.y + (y / cells.length) * cell - side / 2,
    side,
  };
}

/** The map without iris and pupil of anything but the chosen eye, one cell of grace around it. */
function only(map: ClassMap, { cells }: EyeCandidate): ClassMap {
  const ours = dilate(regionOf(cells, map.size), map.size, 1);
  const kept = (plane: Float32Array): Float32Array => plane.map((p, i) => (ours[i] ? p : 0));
  return { ...map, iris: kept(map.iris), pupil: kept(map.pupil) };
}
