/** Bytes for a person: 0.4 KB, 3.5 MB, 1.2 GB (powers of 1000). */
export function formatBytes(bytes: number): string {
  const units = ['KB', 'MB', 'GB'] as const;
  const power = bytes < 1e6 ? 0 : bytes < 1e9 ? 1 : 2;
  return `${(bytes / 1000 ** (power + 1)).toFixed(1)} ${units[power]}`;
}
