import { v7 } from 'uuid';

/** A new UUIDv7 (RFC 9562): ids made later sort later, within one process also inside a millisecond. */
export function newId(): string {
  return v7();
}
