/** One 32-bit channel. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

export function makePlane(width: number, height: number): Plane {
  return { width, height, data: new Float32Array(width * height) };
}

/** Columns that are blurred together: a cache line of values. */
const lanes = 16;

/** From this deviation on, in pixels, a plane is blurred at a smaller size: what is left has no detail to lose. */
const coarseFrom = 6;
/** Deviation that is left to blur at that size. */
const coarseSigma = 3;

/** Blurs a plane, in place: close to a Gaussian of deviation `sigma` in pixels. */
export function blurPlane(plane: Plane, sigma: number): void {
  if (sigma < coarseFrom) {
    boxThrice(plane, sigma);
    return;
  }
  const factor = Math.floor(sigma / coarseSigma);
  const small = shrink(plane, factor);
  boxThrice(small, sigma / factor);
  enlarge(small, factor, plane);
}

/** Means over squares of `factor` pixels. */
function shrink({ width, height, data }: Plane, factor: number): Plane {
  const small = makePlane(Math.ceil(width / factor), Math.ceil(height / factor));
  const counts = new Uint16Array(small.data.length);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / factor) * small.width;
    for (let x = 0; x < width; x++) {
      const at = row + Math.floor(x / factor);
      small.data[at] += data[y * width + x];
      counts[at]++;
    }
  }
  for (let at = 0; at < counts.length; at++) small.data[at] /= counts[at];
  return small;
}

/** Linear between the small plane's values. */
function enlarge(small: Plane, factor: number, into: Plane): void {
  const columns = Array.from({ length: into.width }, (_, x) => between(x, factor, small.width));
  for (let y = 0; y < into.height; y++) {
    const row = between(y, factor, small.height);
    const upper = row.first * small.width;
    const lower = row.second * small.width;
    for (let x = 0; x < into.width; x++) {
      const { first, second, share } = columns[x];
      const above = small.data[upper + first] + (small.data[upper + second] - small.data[upper + first]) * share;
      const below = small.data[lower + first] + (small.data[lower + second] - small.data[lower + first]) * share;
      into.data[y * into.width + x] = above + (below - above) * row.share;
    }
  }
}

function between(at: number, factor: number, length: number): { first: number; second: number; share: number } {
  const place = Math.min(length - 1, Math.max(0, (at + 0.5) / factor - 0.5));
  const first = Math.floor(place);
  return { first, second: Math.min(length - 1, first + 1), share: place - first };
}

/** Three box passes each way. */
function boxThrice(plane: Plane, sigma: number): void {
  const radius = Math.round((Math.sqrt(4 * sigma * sigma + 1) - 1) / 2);
  if (radius < 1) return;
  const { width, height, data } = plane;
  const row = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    for (let pass = 0; pass < 3; pass++) boxRow(data, y * width, width, radius, row);
  }
  const block = new Float32Array(height * lanes);
  for (let x = 0; x < width; x += lanes) {
    const count = Math.min(lanes, width - x);
    for (let pass = 0; pass < 3; pass++) boxColumns(data, x, width, height, count, radius, block);
  }
}

/** Mean over 2·radius + 1 values of a row, in place. The first and last value go on beyond the ends. */
function boxRow(data: Float32Array, start: number, length: number, radius: number, copy: Float32Array): void {
  copy.set(data.subarray(start, start + length));
  const last = length - 1;
  const share = 1 / (2 * radius + 1);
  let sum = 0;
  for (let i = -radius; i < radius; i++) sum += copy[Math.min(last, Math.max(0, i))];
  for (let i = 0; i < length; i++) {
    sum += copy[Math.min(last, i + radius)];
    data[start + i] = sum * share;
    sum -= copy[Math.max(0, i - radius)];
  }
}

/** The same for `count` neighbouring columns of `length` rows; `copy` holds at least length × count values. */
function boxColumns(
  data: Float32Array,
  start: number,
  step: number,
  length: number,
  count: number,
  radius: number,
  copy: Float32Array,
): void {
  for (let i = 0, at = start; i < length; i++, at += step) {
    for (let lane = 0; lane < count; lane++) copy[i * count + lane] = data[at + lane];
  }
  const last = (length - 1) * count;
  const share = 1 / (2 * radius + 1);
  const sums = new Float64Array(count);
  for (let i = -radius; i < radius; i++) {
    const from = Math.min(last, Math.max(0, i * count));
    for (let lane = 0; lane < count; lane++) sums[lane] += copy[from + lane];
  }
  for (let i = 0, at = start; i < length; i++, at += step) {
    const enters = Math.min(last, (i + radius) * count);
    const leaves = Math.max(0, (i - radius) * count);
    for (let lane = 0; lane < count; lane++) {
      sums[lane] += copy[enters + lane];
      data[at + lane] = sums[lane] * share;
      sums[lane] -= copy[leaves + lane];
    }
  }
}
