import { type Ellipse, type IrisGeometry, meanRadius } from '@irisvue/vision';
import { borderPoints, connectedRegions, dilate, fillHoles, regionOf } from './cell-regions.ts';
import { type ClassMap, cellSide } from './class-map.ts';
import type { EyeCandidate } from './eye-candidates.ts';
import { fitCircle } from './fit-circle.ts';
import type { Point } from './fit-ellipse.ts';
import { fitTrimmed } from './fit-trimmed.ts';

/** A border cell is limbus when sclera lies within this share of the radius. */
const scleraReach = 0.04;
/** Fewest limbus points worth an ellipse of their own. */
const fewestLimbusPoints = 20;
/** An iris seen so obliquely that its axes differ more is not a picture of an iris. */
const leastAxisRatio = 0.75;
/** Radius of the limbus by that of a disc with the region's area: lids hide at most so much, and nothing is added. */
const radiusRange = [0.8, 2] as const;
/** Cells; a smaller pupil cannot be fitted. */
const fewestPupilCells = 20;

/** Limbus and pupil with how well the border that was seen lies on the limbus. */
export interface FittedIris {
  readonly geometry: IrisGeometry;
  /** Share of the limbus points that the fit rests on, 0 to 1. */
  readonly limbusSupport: number;
}

/**
 * Limbus and pupil of an eye, in photo pixels, continued behind the lids:
 * 1) limbus points are where the region's outline meets sclera 2) a trimmed ellipse through them, or a circle where too
 * little of the limbus shows to tell two axes 3) the pupil is a trimmed ellipse around the largest pupil region inside.
 */
export function fitGeometry(
  map: ClassMap,
  eye: EyeCandidate,
  photo: { readonly width: number; readonly height: number },
): FittedIris | undefined {
  const limbus = fitLimbus(map, eye, photo);
  if (!limbus) return undefined;
  const pupil = fitPupil(map, eye, limbus.ellipse);
  const frame = { frameWidth: photo.width, frameHeight: photo.height };
  const geometry = { limbus: toPhoto(limbus.ellipse, map), ...frame };
  return {
    geometry: pupil ? { ...geometry, pupil: toPhoto(pupil, map) } : geometry,
    limbusSupport: limbus.support,
  };
}

function fitLimbus(
  map: ClassMap,
  eye: EyeCandidate,
  photo: { readonly width: number; readonly height: number },
): { readonly ellipse: Ellipse; readonly support: number } | undefined {
  const { size } = map;
  const discRadius = Math.sqrt(eye.cells.length / Math.PI);
  const outline = borderPoints(fillHoles(regionOf(eye.cells, size), size), size).filter(insidePhoto(map, photo));
  const nearSclera = dilate(scleraRegion(map), size, Math.max(1, Math.floor(scleraReach * discRadius)));
  const limbus = outline.filter(({ outside }) => nearSclera[outside]);
  const fit = limbus.length > fewestLimbusPoints ? fitTrimmed(limbus) : undefined;
  if (fit && isPlausible(fit.ellipse, discRadius)) return { ellipse: fit.ellipse, support: fit.inlierShare };
  const circle = fitCircle(limbus.length > fewestLimbusPoints ? limbus : outline, 1);
  return circle && { ellipse: circle, support: 0 };
}

function scleraRegion({ background, sclera, iris, pupil }: ClassMap): Uint8Array {
  return Uint8Array.from(sclera, (s, i) => (s > background[i] && s > iris[i] && s > pupil[i] ? 1 : 0));
}

/** Where the photo ends, the region ends with it; that is no border of an iris. */
function insidePhoto(map: ClassMap, photo: { readonly width: number; readonly height: number }) {
  const cell = cellSide(map);
  return ({ x, y }: Point): boolean => {
    const px = map.square.x + x * cell;
    const py = map.square.y + y * cell;
    return px > cell && py > cell && px < photo.width - cell && py < photo.height - cell;
  };
}

function isPlausible(ellipse: Ellipse, discRadius: number): boolean {
  const ratio = Math.min(ellipse.a, ellipse.b) / Math.max(ellipse.a, ellipse.b);
  const growth = meanRadius(ellipse) / discRadius;
  return ratio >= leastAxisRatio && growth > radiusRange[0] && growth < radiusRange[1];
}

function fitPupil(map: ClassMap, eye: EyeCandidate, limbus: Ellipse): Ellipse | undefined {
  const { size } = map;
  const region = new Uint8Array(size * size);
  for (const cell of eye.cells) if (map.pupil[cell] > map.iris[cell]) region[cell] = 1;
  const [largest] = connectedRegions(region, size).sort((p, q) => q.length - p.length);
  if (!largest || largest.length < fewestPupilCells) return undefined;
  const ellipse = fitTrimmed(borderPoints(fillHoles(regionOf(largest, size), size), size))?.ellipse;
  if (!ellipse || meanRadius(ellipse) >= meanRadius(limbus)) return undefined;
  const offset = Math.hypot(ellipse.cx - limbus.cx, ellipse.cy - limbus.cy);
  return offset < meanRadius(limbus) ? ellipse : undefined;
}

function toPhoto(e: Ellipse, map: ClassMap): Ellipse {
  const scale = cellSide(map);
  const { x, y } = map.square;
  return { cx: x + e.cx * scale, cy: y + e.cy * scale, a: e.a * scale, b: e.b * scale, angleDegrees: e.angleDegrees };
}
