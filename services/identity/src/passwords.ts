import { randomBytes } from 'node:crypto';
import { hash, type Options, verify } from '@node-rs/argon2';
import { bounded } from './bounded.ts';

// OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB of memory, two passes, one lane. Algorithm 2 is Argon2id
// (RFC 9106); the package names it by a const enum, which erased types cannot reach.
const ARGON2ID: Options = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Hashes and checks passwords. */
export interface Passwords {
  /** Argon2id with a salt of its own, as a PHC string. */
  hash(password: string): Promise<string>;
  /**
   * Whether the password is the one that was hashed. Without a hash (nobody has this e-mail, or the account has no
   * password) it is false after the same work, so that the time taken tells nothing.
   */
  matches(password: string, hash: string | null | undefined): Promise<boolean>;
}

// Calls that may wait for their hash: some 30 ms each on one core, so the last one waits a few seconds.
const WAITING_PER_HASH = 50;

/**
 * Makes the hash that stands in for missing ones, then is ready. At most `parallel` hashes are computed at a time, in
 * `parallel` × 19 MiB of memory, whatever comes in; 50 × `parallel` calls may wait, one more is RATE_LIMITED.
 */
export async function createPasswords(o: { readonly parallel: number }): Promise<Passwords> {
  const inTurn = bounded({ parallel: o.parallel, waiting: o.parallel * WAITING_PER_HASH });
  const standIn = await hash(randomBytes(32), ARGON2ID);
  return {
    hash: (password) => inTurn(() => hash(comparable(password), ARGON2ID)),
    async matches(password, stored) {
      const same = await inTurn(() => verify(stored ?? standIn, comparable(password)));
      return same && stored != null;
    },
  };
}

// Keyboards differ in how they compose a letter with its accent; NIST SP 800-63B §5.1.1.2 asks for one form.
function comparable(password: string): string {
  return password.normalize('NFKC');
}
