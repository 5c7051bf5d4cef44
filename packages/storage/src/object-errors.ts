import { DomainError, ErrorReason } from '@irisvue/runtime';

/** There is no object under this key. */
export class ObjectNotFound extends Error {
  readonly key: string;
  constructor(key: string, options?: { cause?: unknown }) {
    super(`no object ${key}`, options);
    this.name = 'ObjectNotFound';
    this.key = key;
  }
}

/** The object has more bytes than the caller takes. */
export class ObjectTooLarge extends Error {
  readonly sizeBytes: number;
  readonly maxBytes: number;
  constructor(key: string, sizeBytes: number, maxBytes: number) {
    super(`object ${key} has ${sizeBytes} bytes, more than ${maxBytes}`);
    this.name = 'ObjectTooLarge';
    this.sizeBytes = sizeBytes;
    this.maxBytes = maxBytes;
  }
}

/** The stored bytes are not those that were asked for. */
export class ObjectCorrupt extends Error {
  constructor(key: string, what: string) {
    super(`object ${key} is corrupt: ${what}`);
    this.name = 'ObjectCorrupt';
  }
}

/** A body that is not what was announced; nothing was stored. */
export class BodyMismatch extends Error {
  readonly field: 'size_bytes' | 'sha256';
  readonly expected: string;
  readonly actual: string;
  constructor(field: 'size_bytes' | 'sha256', expected: string, actual: string) {
    super(`the body's ${field} is ${actual}, announced was ${expected}`);
    this.name = 'BodyMismatch';
    this.field = field;
    this.expected = expected;
    this.actual = actual;
  }
}

/** A key or prefix outside the grammar that object-store.ts states. */
export class InvalidKey extends Error {
  constructor(key: string) {
    super(`not a key: ${JSON.stringify(key)}`);
    this.name = 'InvalidKey';
  }
}

/** The store is out of reach or full: DEPENDENCY_DOWN with the driver's error as cause, for the log only. */
export function storeDown(cause: unknown): DomainError {
  return new DomainError(
    ErrorReason.DEPENDENCY_DOWN,
    'the object store is out of reach',
    { dependency: 'object store' },
    { cause },
  );
}
