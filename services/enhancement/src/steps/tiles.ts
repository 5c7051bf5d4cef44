import type { ResultPlace } from './place-result.ts';
import type { Region } from './resample.ts';

/** Crop pixels that a tile shows, each way: large enough to be quick, small enough for a network's memory. */
const tilePixels = 256;

/** Tiles that cover the limbus, row by row; what they leave out of the result is black. */
export function tilesOf({ side, originX, originY, scale, reach }: ResultPlace): Region[] {
  const step = Math.max(1, Math.round(tilePixels * scale));
  const middle = side / 2;
  const tiles: Region[] = [];
  for (let y = 0; y < side; y += step) {
    const height = Math.min(step, side - y);
    const nearest = Math.max(0, y - middle, middle - (y + height));
    const half = Math.sqrt(Math.max(0, reach * reach - nearest * nearest));
    const right = Math.min(side, Math.ceil(middle + half));
    for (let x = Math.max(0, Math.floor(middle - half)); x < right; x += step) {
      tiles.push({ originX, originY, scale, x, y, width: Math.min(step, right - x), height });
    }
  }
  return tiles;
}
