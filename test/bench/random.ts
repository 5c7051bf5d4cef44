/** A repeatable stream of numbers. */
export interface Random {
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Gaussian, mean 0, deviation 1. Not of plain arithmetic: other machines may differ in the last bit. */
  normal(): number;
  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number;
  pick<T>(values: readonly T[]): T;
  /** True with this probability. */
  chance(probability: number): boolean;
}

/** The stream of a name. FNV-1a of the name seeds mulberry32 (T. Ettinger, public domain); whole-number arithmetic. */
export function randomOf(name: string): Random {
  let state = 0x811c9dc5;
  for (const character of name) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    between: (low, high) => low + (high - low) * next(),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    whole: (low, high) => low + Math.floor((high - low + 1) * next()),
    pick: (values) => values[Math.floor(values.length * next())],
    chance: (probability) => next() < probability,
  };
}
