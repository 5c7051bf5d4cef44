import type { ResultPlace } from './place-result.ts';
import type { Region } from './resample.ts';

/** Crop pixels that a tile shows, each way: large enough to be quick, small enough for a network's memory. */
const tilePixels = 400;

/** The result cut into tiles, row by row. */
export function tilesOf({ side, originX, originY, scale }: ResultPlace): Region[] {
  const step = Math.max(1, Math.round(tilePixels * scale));
  const tiles: Region[] = [];
  for (let y = 0; y < side; y += step) {
    for (let x = 0; x < side; x += step) {
      tiles.push({ originX, originY, scale, x, y, width: Math.min(step, side - x), height: Math.min(step, side - y) });
    }
  }
  return tiles;
}
