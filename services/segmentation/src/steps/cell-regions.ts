// Plain operations on square grids of cells. A region is one byte a cell: 1 inside, 0 outside.

/** Cells that belong together, each touching the next by a side or a corner (8-connected), in reading order. */
export function connectedRegions(region: Uint8Array, size: number): Int32Array[] {
  const seen = new Uint8Array(region.length);
  const found: Int32Array[] = [];
  const stack: number[] = [];
  for (let start = 0; start < region.length; start++) {
    if (!region[start] || seen[start]) continue;
    const cells: number[] = [];
    seen[start] = 1;
    stack.push(start);
    for (let cell = stack.pop(); cell !== undefined; cell = stack.pop()) {
      cells.push(cell);
      forEachNeighbour(cell, size, (next) => {
        if (!region[next] || seen[next]) return;
        seen[next] = 1;
        stack.push(next);
      });
    }
    found.push(Int32Array.from(cells).sort());
  }
  return found;
}

function forEachNeighbour(cell: number, size: number, visit: (next: number) => void): void {
  const x = cell % size;
  const y = (cell - x) / size;
  for (let ny = Math.max(0, y - 1); ny <= Math.min(size - 1, y + 1); ny++) {
    for (let nx = Math.max(0, x - 1); nx <= Math.min(size - 1, x + 1); nx++) {
      if (nx !== x || ny !== y) visit(ny * size + nx);
    }
  }
}

/** The region of the given cells. */
export function regionOf(cells: Int32Array, size: number): Uint8Array {
  const region = new Uint8Array(size * size);
  for (const cell of cells) region[cell] = 1;
  return region;
}

/** The region grown by `reach` cells along both axes: dilation by a square of side 2 × reach + 1. */
export function dilate(region: Uint8Array, size: number, reach: number): Uint8Array {
  const wide = new Uint8Array(region.length);
  const grown = new Uint8Array(region.length);
  for (let y = 0; y < size; y++) growLine(region, wide, y * size, 1, size, reach);
  for (let x = 0; x < size; x++) growLine(wide, grown, x, size, size, reach);
  return grown;
}

/** Dilates one line of cells: looks at the nearest set cell behind and ahead. */
function growLine(from: Uint8Array, to: Uint8Array, at: number, step: number, size: number, reach: number): void {
  let last = -reach - 1;
  for (let i = 0; i < size; i++) {
    if (from[at + i * step]) last = i;
    if (i - last <= reach) to[at + i * step] = 1;
  }
  last = size + reach;
  for (let i = size - 1; i >= 0; i--) {
    if (from[at + i * step]) last = i;
    if (last - i <= reach) to[at + i * step] = 1;
  }
}

/** The region with its holes: every cell that cannot be reached from the grid's edge without crossing the region. */
export function fillHoles(region: Uint8Array, size: number): Uint8Array {
  const filled = new Uint8Array(region.length).fill(1);
  const stack: number[] = [];
  const open = (cell: number): void => {
    if (region[cell] || !filled[cell]) return;
    filled[cell] = 0;
    stack.push(cell);
  };
  for (let i = 0; i < size; i++) {
    for (const cell of [i, (size - 1) * size + i, i * size, i * size + size - 1]) open(cell);
  }
  for (let cell = stack.pop(); cell !== undefined; cell = stack.pop()) {
    const x = cell % size;
    if (x > 0) open(cell - 1);
    if (x < size - 1) open(cell + 1);
    if (cell >= size) open(cell - size);
    if (cell < size * (size - 1)) open(cell + size);
  }
  return filled;
}
