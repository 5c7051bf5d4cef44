/** 0 up to `from`, 1 from `to` on, and between them 3t² − 2t³, which has no kink at either end. */
export function smoothStep(from: number, to: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return t * t * (3 - 2 * t);
}
