/** A repeatable stream of numbers. */
export interface Random {
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Gaussian, mean 0, deviation 1. */
  normal(): number;
}

/** The stream of a name: the same for ever. FNV-1a of the name seeds mulberry32 (T. Ettinger, public domain). */
export function randomOf(name: string): Random {
  let state = 0x811c9dc5;
  for (const character of name) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    between: (low, high) => low + (high - low) * next(),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}
