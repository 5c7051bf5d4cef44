// Only + - * / and square roots, which IEEE 754 defines to the last bit: the standard's sine, exponential and power may
// differ between machines, and the pictures must not.

const pi = Math.PI;
export const turn = 2 * pi;

/** Sine, to about 1e-6. */
export function sine(angle: number): number {
  let x = angle - turn * Math.floor(angle / turn + 0.5);
  if (x > pi / 2) x = pi - x;
  if (x < -pi / 2) x = -pi - x;
  const s = x * x;
  return x * (1 - (s / 6) * (1 - (s / 20) * (1 - (s / 42) * (1 - s / 72))));
}

export function cosine(angle: number): number {
  return sine(angle + pi / 2);
}

/** Angle of a vector, -π to π, to about 1e-4. */
export function angleOf(x: number, y: number): number {
  const ax = Math.abs(x);
  const ay = Math.abs(y);
  if (ax + ay === 0) return 0;
  const t = Math.min(ax, ay) / Math.max(ax, ay);
  const s = t * t;
  const small =
    t * (0.99997726 + s * (-0.33262347 + s * (0.19354346 + s * (-0.11643287 + s * (0.05265332 - s * 0.0117212)))));
  const steep = ay > ax ? pi / 2 - small : small;
  const half = x < 0 ? pi - steep : steep;
  return y < 0 ? -half : half;
}

export function length(x: number, y: number): number {
  return Math.sqrt(x * x + y * y);
}

/** About e^-x for x from 0; 0 beyond 16. */
export function fade(x: number): number {
  if (x >= 16) return 0;
  const a = 1 - Math.max(0, x) / 16;
  const b = a * a;
  const c = b * b;
  const d = c * c;
  return d * d;
}

export function clamp(value: number, low = 0, high = 1): number {
  return Math.min(high, Math.max(low, value));
}

/** 0 below `low`, 1 above `high`, smooth between; `low` may be the larger one. */
export function smooth(low: number, high: number, value: number): number {
  const t = clamp((value - low) / (high - low));
  return t * t * (3 - 2 * t);
}

export function mix(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}
