// A name this short differs from its neighbours by little (HOST, PORT, HOME): only one slip is taken for a typo.
const SHORT_NAME = 6;

/** The candidate that `name` is probably a slip of, or undefined. One slip counts for short names, two for others. */
export function similarName(name: string, candidates: readonly string[]): string | undefined {
  const slips = name.length <= SHORT_NAME ? 1 : 2;
  const near = candidates
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .filter(({ distance }) => distance <= slips)
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.candidate;
}

/**
 * Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours that turn `a` into
 * `b`. Damerau, "A technique for computer detection and correction of spelling errors", 1964.
 */
export function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => i + j));
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      }
      rows[i]![j] = best;
    }
  }
  return rows[a.length]![b.length]!;
}
