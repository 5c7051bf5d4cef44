/** Gaussian mean of a plane, separable; what lies outside counts as 0. `deviation` is in pixels. */
function blurPlane(plane: Float32Array, width: number, height: number, deviation: number): Float32Array {
  const reach = Math.max(1, Math.ceil(2.5 * deviation));
  const weights = Float32Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * deviation ** 2)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const across = new Float32Array(plane.length);
  const blurred = new Float32Array(plane.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      const to = Math.min(width - 1, x + reach);
      for (let u = Math.max(0, x - reach); u <= to; u++) sum += weights[u - x + reach] * plane[y * width + u];
      across[y * width + x] = sum / total;
    }
  }
  for (let y = 0; y < height; y++) {
    const to = Math.min(height - 1, y + reach);
    for (let v = Math.max(0, y - reach); v <= to; v++) {
      const weight = weights[v - y + reach] / total;
      for (let x = 0; x < width; x++) blurred[y * width + x] += weight * across[v * width + x];
    }
  }
  return blurred;
}

/** Gaussian mean of the known values of a plane; 0 where nothing is known nearby. */
export function blurKnown(
  plane: Float32Array,
  known: Float32Array,
  width: number,
  height: number,
  deviation: number,
): Float32Array {
  const sums = blurPlane(
    plane.map((value, i) => value * known[i]),
    width,
    height,
    deviation,
  );
  const weights = blurPlane(known, width, height, deviation);
  return sums.map((sum, i) => (weights[i] > 0 ? sum / weights[i] : 0));
}
