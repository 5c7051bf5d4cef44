import type { Readable } from 'node:stream';

/** What a store knows of an object that it keeps. */
export interface StoredObject {
  readonly key: string;
  /** SHA-256 of the bytes, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Media type, for example "image/jpeg". */
  readonly contentType: string;
}

/** A request that a client sends itself, straight to the store. */
export interface PresignedPut {
  readonly method: 'PUT';
  readonly url: string;
  /** Must be sent as they are. Content-Length is not among them: every HTTP client sets it from the body. */
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAt: Date;
}

export interface PutOptions {
  readonly contentType: string;
  /** How many bytes must come; BodyMismatch when it is another number. */
  readonly sizeBytes?: number;
  /** What the bytes' SHA-256 must be; BodyMismatch when it is another. */
  readonly sha256?: string;
  readonly signal?: AbortSignal;
}

/** First and last byte, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Private objects by key, encrypted at rest where the store can. The adapters pass one contract suite and differ in
 * nothing that it asks.
 *
 * A key is segments of `A-Z a-z 0-9 . _ -` joined by `/`, none starting with a dot, at most 512 characters; InvalidKey
 * otherwise. A prefix is a folder and ends with `/`; no key is at the same time a folder of another. Every call throws
 * DomainError DEPENDENCY_DOWN {dependency: 'object store'} while the store is out of reach.
 */
export interface ObjectStore extends AsyncDisposable {
  /** Stores a body under `key`, replacing what was there. All or nothing: a reader sees the old or the new object. */
  put(key: string, body: Uint8Array | Readable, o: PutOptions): Promise<StoredObject>;
  /** The bytes. ObjectNotFound, ObjectTooLarge beyond `maxBytes`, ObjectCorrupt when they are not those of `sha256`. */
  get(key: string, o?: { maxBytes?: number; sha256?: string; signal?: AbortSignal }): Promise<Uint8Array>;
  /** The bytes as they come, or a range of them. ObjectNotFound before the first byte. */
  stream(key: string, o?: { range?: ByteRange; signal?: AbortSignal }): Promise<Readable>;
  /** What is known of an object; undefined when there is none. */
  head(key: string): Promise<{ sizeBytes: number; contentType: string } | undefined>;
  /** Deletes an object; harmless when there is none. */
  delete(key: string): Promise<void>;
  /** Deletes every object under a prefix; gives how many. */
  deletePrefix(prefix: string): Promise<number>;
  /** Objects under a prefix ('' for all), in order of key. */
  list(prefix: string): AsyncIterable<{ key: string; sizeBytes: number; modified: Date }>;
  /** A request that uploads exactly the announced bytes: another type, length or SHA-256 is refused by the store. */
  presignPut(
    key: string,
    o: { contentType: string; sizeBytes: number; sha256: string; expiresInSeconds: number },
  ): Promise<PresignedPut>;
  /** A URL that downloads the object, under `fileName` when given. */
  presignGet(key: string, o: { expiresInSeconds: number; fileName?: string }): Promise<string>;
  /** Readiness: resolves when the store can be used. */
  check(): Promise<void>;
}
