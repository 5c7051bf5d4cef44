/** Steps towards the smallest circle; the radius is then within 1 %. */
const steps = 128;

/**
 * Radius of the smallest circle around cells, in cells. Method: Bădoiu and Clarkson, "Smaller core-sets for balls"
 * (SODA 2003): the centre walks towards the farthest point by ever smaller shares of the way.
 */
export function enclosingRadius(cells: Int32Array, size: number): number {
  const outline = rowEnds(cells, size);
  let cx = 0;
  let cy = 0;
  for (const { x, y } of outline) {
    cx += x / outline.length;
    cy += y / outline.length;
  }
  let radius = 0;
  for (let step = 1; step <= steps; step++) {
    let farthest = outline[0];
    radius = 0;
    for (const point of outline) {
      const distance = Math.hypot(point.x - cx, point.y - cy);
      if (distance <= radius) continue;
      radius = distance;
      farthest = point;
    }
    cx += (farthest.x - cx) / (step + 1);
    cy += (farthest.y - cy) / (step + 1);
  }
  // Half a cell: the points are centres.
  return radius + 0.5;
}

/** First and last cell centre of each row: no other cell can touch the circle. */
function rowEnds(cells: Int32Array, size: number): { readonly x: number; readonly y: number }[] {
  const rows = new Map<number, { first: number; last: number }>();
  for (const cell of cells) {
    const x = cell % size;
    const y = (cell - x) / size;
    const row = rows.get(y);
    if (!row) rows.set(y, { first: x, last: x });
    else {
      row.first = Math.min(row.first, x);
      row.last = Math.max(row.last, x);
    }
  }
  return [...rows].flatMap(([y, { first, last }]) => [
    { x: first + 0.5, y: y + 0.5 },
    { x: last + 0.5, y: y + 0.5 },
  ]);
}
