/** Gaussian mean along a line, repeated on what it took away so that bends keep their place. In points of the line. */
export function smoothAlong(values: Float64Array, closed: boolean, deviation: number): Float64Array {
  const once = meanAlong(values, closed, deviation);
  const rest = meanAlong(
    values.map((value, i) => value - once[i]),
    closed,
    deviation,
  );
  return once.map((value, i) => value + rest[i]);
}

/** At the ends of an open line the window shrinks, so that ends stay where they are. */
function meanAlong(values: Float64Array, closed: boolean, deviation: number): Float64Array {
  const n = values.length;
  const reach = Math.min(Math.floor((n - 1) / 2), Math.ceil(3 * deviation));
  const weights = Float64Array.from({ length: reach + 1 }, (_, j) => Math.exp((-j * j) / (2 * deviation ** 2)));
  return values.map((value, i) => {
    let [sum, total] = [value, 1];
    for (let j = 1; j <= (closed ? reach : Math.min(reach, i, n - 1 - i)); j++) {
      sum += weights[j] * (values[(i + j) % n] + values[(i - j + n) % n]);
      total += 2 * weights[j];
    }
    return sum / total;
  });
}

/**
 * The smoothest values near weighted ones: least squares of `weights`·(x - targets)² and `stiffness`·(x'')² (Whittaker
 * 1923). A closed line is cut open with `overlap` points of it again at both ends.
 */
export function bendAlong(
  targets: Float64Array,
  weights: Float64Array,
  stiffness: number,
  closed: boolean,
): Float64Array {
  const n = targets.length;
  const overlap = closed ? Math.min(n, 30) : 0;
  const length = n + 2 * overlap;
  const from = (i: number): number => (i - overlap + n) % n;
  const diagonal = Float64Array.from({ length }, (_, i) => weights[from(i)]);
  const right = Float64Array.from({ length }, (_, i) => weights[from(i)] * targets[from(i)]);
  const [first, second] = [new Float64Array(length), new Float64Array(length)];
  for (let i = 1; i < length - 1; i++) {
    diagonal[i - 1] += stiffness;
    diagonal[i] += 4 * stiffness;
    diagonal[i + 1] += stiffness;
    first[i - 1] -= 2 * stiffness;
    first[i] -= 2 * stiffness;
    second[i - 1] += stiffness;
  }
  // LDLᵀ of five diagonals, in place.
  for (let i = 0; i < length; i++) {
    if (i >= 1) {
      diagonal[i] -= first[i - 1] ** 2 * diagonal[i - 1];
      right[i] -= first[i - 1] * right[i - 1];
    }
    if (i >= 2) {
      diagonal[i] -= second[i - 2] ** 2 * diagonal[i - 2];
      right[i] -= second[i - 2] * right[i - 2];
    }
    const carried = i >= 1 ? second[i - 1] * first[i - 1] * diagonal[i - 1] : 0;
    first[i] = (first[i] - carried) / diagonal[i];
    second[i] /= diagonal[i];
  }
  const solved = new Float64Array(length);
  for (let i = length - 1; i >= 0; i--) {
    solved[i] = right[i] / diagonal[i];
    if (i + 1 < length) solved[i] -= first[i] * solved[i + 1];
    if (i + 2 < length) solved[i] -= second[i] * solved[i + 2];
  }
  return solved.slice(overlap, overlap + n);
}
