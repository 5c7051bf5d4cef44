import type { Mask } from '@irisvue/vision';

/**
 * Erodes a mask three times by a 3 × 3 square, which is the smallest value of a 7 × 7 square. Outside the mask nothing
 * erodes it, as in OpenCV. Separable: first along rows, then down columns; the smallest of 7 is that of two overlapping
 * fours, which are those of two pairs.
 */
export function erodeThrice({ width, height, data }: Mask): Mask {
  const rows: Uint8Array[] = [];
  const padded = new Uint8Array(width + 6);
  for (let y = 0; y < height; y++) {
    padded.fill(255);
    padded.set(data.subarray(y * width, (y + 1) * width), 3);
    lowerTo(padded, padded.subarray(1)); // of 2
    lowerTo(padded, padded.subarray(2)); // of 4
    const row = padded.slice(0, width);
    lowerTo(row, padded.subarray(3));
    rows.push(row);
  }
  for (const distance of [1, 2]) for (let y = 0; y + distance < height; y++) lowerTo(rows[y]!, rows[y + distance]!);
  const eroded = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    const out = eroded.subarray(y * width, (y + 1) * width);
    out.set(rows[y]!);
    lowerTo(out, rows[Math.max(0, y - 3)]!);
  }
  return { width, height, data: eroded };
}

/** Takes the smaller of both, as far as both go. `other` may be a later part of `row`. */
function lowerTo(row: Uint8Array, other: Uint8Array): void {
  const count = Math.min(row.length, other.length);
  for (let x = 0; x < count; x++) if (other[x]! < row[x]!) row[x] = other[x]!;
}
