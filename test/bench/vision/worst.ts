/** Keeps the few values that rank lowest; the others can be forgotten at once. */
export function worst<T>(
  most: number,
  rank: (value: T) => number,
): { add(value: T): void; readonly all: readonly T[] } {
  let kept: T[] = [];
  return {
    add: (value) => {
      kept = [...kept, value].toSorted((a, b) => rank(a) - rank(b)).slice(0, most);
    },
    get all() {
      return kept;
    },
  };
}
