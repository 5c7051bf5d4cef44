import { connectedRegions, fillHoles, regionOf } from './cell-regions.ts';
import type { ClassMap } from './class-map.ts';
import { type Oval, radiusTowards } from './oval.ts';

/** How far iris may reach beyond the limbus, in cells: the border is cut exactly when labels are painted. */
const grace = 1;
/** A part of the iris smaller than this share of its largest part is a crumb: lashes and lights may cut an iris in two. */
const smallestPart = 0.03;
/** A hole smaller than this share of the limbus's area is closed: a highlight or a lash, which count as visible iris. */
const largestHole = 0.03;

/**
 * The map of one eye: 1) without a pupil that can be told, what is called pupil is iris 2) iris and pupil only inside the
 * limbus, crumbs dropped 3) small holes closed, with pupil inside the pupil and with iris elsewhere. Ovals are in cells.
 */
export function tidyMap(map: ClassMap, limbus: Oval, pupil: Oval | undefined): ClassMap {
  const { size } = map;
  const tidy = {
    ...map,
    background: map.background.slice(),
    sclera: map.sclera.slice(),
    iris: pupil ? map.iris.slice() : map.iris.map((p, i) => p + map.pupil[i]),
    pupil: pupil ? map.pupil.slice() : new Float32Array(map.pupil.length),
  };
  const eye = eyeRegion(tidy, insideOf(limbus, size, grace));
  for (let i = 0; i < eye.length; i++) {
    if (eye[i] || !isEye(tidy, i)) continue;
    tidy.iris[i] = 0;
    tidy.pupil[i] = 0;
    if (tidy.background[i] + tidy.sclera[i] === 0) tidy.background[i] = 1;
  }
  const inPupil = pupil && insideOf(pupil, size, 0);
  for (const cell of holes(eye, size, largestHole * Math.PI * limbus.r ** 2)) {
    tidy.background[cell] = 0;
    tidy.sclera[cell] = 0;
    tidy.iris[cell] = inPupil?.(cell) ? 0 : 1;
    tidy.pupil[cell] = 1 - tidy.iris[cell];
  }
  return tidy;
}

/** Cells of iris or pupil inside the limbus, without crumbs. */
function eyeRegion(map: ClassMap, inLimbus: (cell: number) => boolean): Uint8Array {
  const region = Uint8Array.from(map.iris, (_, i) => (isEye(map, i) && inLimbus(i) ? 1 : 0));
  const parts = connectedRegions(region, map.size);
  const largest = Math.max(0, ...parts.map((cells) => cells.length));
  const kept = parts.filter((cells) => cells.length >= smallestPart * largest);
  return regionOf(Int32Array.from(kept.flatMap((cells) => [...cells])), map.size);
}

function isEye({ background, sclera, iris, pupil }: ClassMap, i: number): boolean {
  return Math.max(iris[i], pupil[i]) > Math.max(background[i], sclera[i]);
}

/** Cells of the region's holes, each hole of at most `largest` cells. */
function holes(region: Uint8Array, size: number, largest: number): number[] {
  const filled = fillHoles(region, size);
  const inner = Uint8Array.from(filled, (cell, i) => (cell && !region[i] ? 1 : 0));
  return connectedRegions(inner, size)
    .filter((cells) => cells.length <= largest)
    .flatMap((cells) => [...cells]);
}

/** Whether a cell's centre lies inside an oval, or at most `margin` cells outside. */
function insideOf(oval: Oval, size: number, margin: number): (cell: number) => boolean {
  const radius = radiusTowards(oval);
  return (cell) => {
    const dx = (cell % size) + 0.5 - oval.cx;
    const dy = Math.floor(cell / size) + 0.5 - oval.cy;
    return Math.hypot(dx, dy) <= radius(Math.atan2(dy, dx)) + margin;
  };
}
