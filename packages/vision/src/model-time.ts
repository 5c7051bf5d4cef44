// A slot is a process that carries out one call at a time, so what networks took between two looks is of one call.
let spentMs = 0;

/** Time that networks took in this process so far, in milliseconds. */
export function modelTimeMs(): number {
  return spentMs;
}

/** Adds the time of one run of a network, also of one that fails. */
export async function timeModel<T>(run: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  try {
    return await run();
  } finally {
    spentMs += performance.now() - startedAt;
  }
}
