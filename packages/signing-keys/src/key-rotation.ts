// When a key signs and how long it verifies follows from one fact per key: the moment from which it signs.

/** A key in the order of rotation. */
export interface RotatingKey {
  readonly kid: string;
  /** From then on it signs, until a newer key does. */
  readonly signsFrom: Date;
}

/** How keys follow each other. All in milliseconds. */
export interface KeyPolicy {
  /** A key that has signed for this long gets a successor. */
  readonly rotateAfterMs: number;
  /** A successor is published this long before it signs: longer than any verifier caches the key set. */
  readonly publishLeadMs: number;
  /** Longest life of a token that these keys sign: a key verifies for this long after its last signature. */
  readonly longestTokenMs: number;
}

const DAY_MS = 24 * 3_600_000;

/** Rotation every 30 days, announced 15 minutes ahead (verifiers cache for 10 at most). */
export const DEFAULT_ROTATION = { rotateAfterMs: 30 * DAY_MS, publishLeadMs: 15 * 60_000 } as const;

/** The key that signs at `now`: the newest that may. `keys` in any order; undefined when none may yet. */
export function keyThatSigns<K extends RotatingKey>(keys: readonly K[], now: Date): K | undefined {
  return newestFirst(keys).find((key) => key.signsFrom <= now);
}

/**
 * The keys that verify at `now`, newest first: those that sign, those that will, and those whose last token has not
 * ended. A key's last signature is made when its successor begins to sign.
 */
export function keysThatVerify<K extends RotatingKey>(keys: readonly K[], policy: KeyPolicy, now: Date): K[] {
  return newestFirst(keys).filter((_, i, sorted) => {
    const successor = sorted[i - 1];
    return successor === undefined || successor.signsFrom.getTime() + policy.longestTokenMs >= now.getTime();
  });
}

/** From when the next key should sign, or undefined while the newest is young enough. The first key signs at once. */
export function nextKeySignsFrom(keys: readonly RotatingKey[], policy: KeyPolicy, now: Date): Date | undefined {
  const [newest] = newestFirst(keys);
  if (newest === undefined) return now;
  if (now.getTime() - newest.signsFrom.getTime() < policy.rotateAfterMs) return undefined;
  return new Date(now.getTime() + policy.publishLeadMs);
}

function newestFirst<K extends RotatingKey>(keys: readonly K[]): K[] {
  return keys.toSorted((a, b) => b.signsFrom.getTime() - a.signsFrom.getTime());
}
