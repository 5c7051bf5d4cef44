import { smoothAlong } from './smooth-along.ts';

/** Where a light's cover crosses one half, as lines of points in pixels of the plane (pixel centres are whole numbers). */
export interface LightOutline {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Unit vectors into the light. */
  readonly inX: Float64Array;
  readonly inY: Float64Array;
  /** 1 near a corner: there a light does not fade as it does along its sides. */
  readonly corner: Uint8Array;
  /** Lines between corners, each the numbers of its points in order. */
  readonly lines: readonly OutlineLine[];
  /** Ends of each short piece, and the cell of four pixels that it crosses: its upper left pixel. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly cell: Int32Array;
}

export interface OutlineLine {
  readonly points: readonly number[];
  readonly closed: boolean;
}

/** A plane of covers, 0 to 1. */
export interface CoverPlane {
  readonly width: number;
  readonly height: number;
  readonly cover: Float32Array;
  /** 1 where the cover is known. */
  readonly known: Float32Array;
}

/** Deviations over which the outline is smoothed, to find corners and between them, in points (about 0.75 pixels). */
const cornerSmoothing = 1.6;
const smoothing = 6;
/** Points each way over which a turn is measured. */
const reach = 4;
/** An outline that turns by more than this over that reach has a corner, in radians. */
const leastTurn = 0.8;
/** Points each side of a corner that belong to it. */
const cornerReach = 2;
/** Points of the shortest outline that says anything. */
const leastPoints = 8;

/** Undefined where there is too little of an outline. */
export function traceOutline(plane: CoverPlane): LightOutline | undefined {
  const { width, height, cover, known } = plane;
  const x: number[] = [];
  const y: number[] = [];
  const beside: number[][] = [];
  const numbers = new Map<number, number>();
  const cross = (a: number, b: number): number => {
    const edge = 2 * Math.min(a, b) + (Math.abs(a - b) === 1 ? 0 : 1);
    const known = numbers.get(edge);
    if (known !== undefined) return known;
    const share = (0.5 - cover[a]) / (cover[b] - cover[a]);
    const [ax, ay] = [a % width, Math.floor(a / width)];
    x.push(ax + share * ((b % width) - ax));
    y.push(ay + share * (Math.floor(b / width) - ay));
    beside.push([]);
    numbers.set(edge, x.length - 1);
    return x.length - 1;
  };
  const pieces: [from: number, to: number, cell: number][] = [];
  for (let row = 0; row < height - 1; row++) {
    for (let i = row * width; i < (row + 1) * width - 1; i++) {
      const corners = [i, i + 1, i + width + 1, i + width];
      if (corners.some((c) => known[c] === 0)) continue;
      const ends: number[] = [];
      for (let k = 0; k < 4; k++) {
        const [a, b] = [corners[k], corners[(k + 1) % 4]];
        if (cover[a] > 0.5 !== cover[b] > 0.5) ends.push(cross(a, b));
      }
      for (let e = 0; e + 1 < ends.length; e += 2) {
        pieces.push([ends[e], ends[e + 1], i]);
        beside[ends[e]].push(ends[e + 1]);
        beside[ends[e + 1]].push(ends[e]);
      }
    }
  }
  if (x.length < leastPoints) return undefined;
  const corner = new Uint8Array(x.length);
  const [px, py] = [Float64Array.from(x), Float64Array.from(y)];
  const lines = chain(beside).flatMap((line) => cutAtCorners(line, px, py, corner));
  for (const { points, closed } of lines) {
    for (const values of [px, py]) {
      const smooth = smoothAlong(
        Float64Array.from(points, (p) => values[p]),
        closed,
        smoothing,
      );
      points.forEach((p, i) => {
        values[p] = smooth[i];
      });
    }
  }
  const outline: LightOutline = {
    x: px,
    y: py,
    inX: new Float64Array(x.length),
    inY: new Float64Array(x.length),
    corner,
    lines,
    from: Int32Array.from(pieces, ([from]) => from),
    to: Int32Array.from(pieces, ([, to]) => to),
    cell: Int32Array.from(pieces, ([, , cell]) => cell),
  };
  turnInwards(outline, plane);
  return outline;
}

/** Tells again which way is into the light, after points have moved. In place. */
export function turnInwards({ x, y, inX, inY, lines }: LightOutline, { width, height, cover }: CoverPlane): void {
  const coverNear = (u: number, v: number): number => {
    const column = Math.min(width - 1, Math.max(0, Math.round(u)));
    return cover[Math.min(height - 1, Math.max(0, Math.round(v))) * width + column];
  };
  for (const { points, closed } of lines) {
    const n = points.length;
    points.forEach((p, i) => {
      const before = points[closed ? (i - 2 + n) % n : Math.max(0, i - 2)];
      const after = points[closed ? (i + 2) % n : Math.min(n - 1, i + 2)];
      const length = Math.hypot(x[after] - x[before], y[after] - y[before]) || 1;
      const nx = (y[before] - y[after]) / length;
      const ny = (x[after] - x[before]) / length;
      const rise = coverNear(x[p] + 1.5 * nx, y[p] + 1.5 * ny) - coverNear(x[p] - 1.5 * nx, y[p] - 1.5 * ny);
      inX[p] = rise < 0 ? -nx : nx;
      inY[p] = rise < 0 ? -ny : ny;
    });
  }
}

/** Points in the order in which they hang together. */
function chain(beside: readonly (readonly number[])[]): OutlineLine[] {
  const used = new Uint8Array(beside.length);
  const lines: OutlineLine[] = [];
  const follow = (start: number, closed: boolean): void => {
    if (used[start]) return;
    const points: number[] = [];
    for (let p: number | undefined = start; p !== undefined; p = beside[p].find((q) => !used[q])) {
      used[p] = 1;
      points.push(p);
    }
    lines.push({ points, closed });
  };
  beside.forEach((ends, p) => {
    if (ends.length === 1) follow(p, false);
  });
  for (let p = 0; p < beside.length; p++) follow(p, true);
  return lines;
}

/** The line in parts that begin and end at its corners; the points near them are marked in `corner`. */
function cutAtCorners(
  line: OutlineLine,
  px: Float64Array,
  py: Float64Array,
  corner: Uint8Array,
): readonly OutlineLine[] {
  const { points, closed } = line;
  const n = points.length;
  if (n < 2 * reach + 2) return [line];
  const [x, y] = [px, py].map((values) =>
    smoothAlong(
      Float64Array.from(points, (p) => values[p]),
      closed,
      cornerSmoothing,
    ),
  );
  const turns = points.map((_, i) => {
    if (!closed && (i < reach || i >= n - reach)) return 0;
    const [before, after] = [(i - reach + n) % n, (i + reach) % n];
    const [ux, uy, vx, vy] = [x[i] - x[before], y[i] - y[before], x[after] - x[i], y[after] - y[i]];
    return Math.abs(Math.atan2(ux * vy - uy * vx, ux * vx + uy * vy));
  });
  const isSharpest = (i: number): boolean => {
    for (let j = 1; j <= reach; j++) {
      if (turns[(i - j + n) % n] >= turns[i] || turns[(i + j) % n] > turns[i]) return false;
    }
    return true;
  };
  const cuts = turns.flatMap((turn, i) => (turn > leastTurn && isSharpest(i) ? [i] : []));
  if (cuts.length === 0) return [line];
  for (const cut of cuts) for (let j = -cornerReach; j <= cornerReach; j++) corner[points[(cut + j + n) % n]] = 1;
  if (!closed) {
    return [0, ...cuts].map((start, i) => ({ points: points.slice(start, cuts[i] ?? n), closed: false }));
  }
  return cuts.map((start, i) => {
    const end = cuts[i + 1] ?? cuts[0] + n;
    return { points: Array.from({ length: end - start }, (_, k) => points[(start + k) % n]), closed: false };
  });
}
