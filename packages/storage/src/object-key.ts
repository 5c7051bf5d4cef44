import { InvalidKey } from './object-errors.ts';

const MAX_KEY_LENGTH = 512;
const SEGMENTS = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;

/** Gives `key` back when it is one, else throws InvalidKey. No segment can be empty, `.` or `..`, or start with a dot. */
export function checkedKey(key: string): string {
  if (key.length > MAX_KEY_LENGTH || !SEGMENTS.test(key)) throw new InvalidKey(key);
  return key;
}

/** Gives `prefix` back when it is a folder (ending in `/`, so that `user/1` never covers `user/10`), else throws InvalidKey. */
export function checkedPrefix(prefix: string): string {
  if (!prefix.endsWith('/')) throw new InvalidKey(prefix);
  checkedKey(prefix.slice(0, -1));
  return prefix;
}
