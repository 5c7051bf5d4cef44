/** A value on a straight scale: 0 at `worst` and beyond, 1 at `best` and beyond. `worst` may be the larger one. */
export function ramp(value: number, worst: number, best: number): number {
  return Math.min(1, Math.max(0, (value - worst) / (best - worst)));
}
