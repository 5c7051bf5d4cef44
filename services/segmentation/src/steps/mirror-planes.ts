/** Planes of `size` columns with left and right exchanged. */
export function mirrorPlanes(planes: Float32Array, size: number): Float32Array {
  const out = new Float32Array(planes.length);
  for (let row = 0; row < planes.length; row += size) {
    for (let x = 0; x < size; x++) out[row + x] = planes[row + size - 1 - x];
  }
  return out;
}

/** The mean of planes and of those seen in a mirror, turned back. */
export function meanWithMirrored(planes: Float32Array, mirrored: Float32Array, size: number): Float32Array {
  const mean = new Float32Array(planes.length);
  for (let row = 0; row < planes.length; row += size) {
    for (let x = 0; x < size; x++) mean[row + x] = (planes[row + x] + mirrored[row + size - 1 - x]) / 2;
  }
  return mean;
}
