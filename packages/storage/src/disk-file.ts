import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { BodyMismatch, ObjectCorrupt } from './object-errors.ts';
import type { ByteRange, PutOptions } from './object-store.ts';

/**
 * One object is one file: the bytes, then a trailer of 256 bytes. One file, because one rename then replaces bytes and
 * description together; at the end, because the SHA-256 is known only after the last byte, and picture viewers open the
 * file as it lies there. The trailer has a fixed length, so that a listing knows the size from the file's length alone.
 *
 *     0  8 bytes    "IRISVUE1"
 *     8  32 bytes   SHA-256 of the bytes
 *    40  8 bytes    number of bytes, big-endian
 *    48  1 byte     length of the media type
 *    49  207 bytes  media type, ASCII, filled up with zeros
 */
export const TRAILER_BYTES = 256;
const MAGIC = Buffer.from('IRISVUE1', 'latin1');
const SHA256_AT = 8;
const SIZE_AT = 40;
const TYPE_LENGTH_AT = 48;
const TYPE_AT = 49;
const MAX_TYPE_BYTES = TRAILER_BYTES - TYPE_AT;
// Visible ASCII and inner spaces: nothing that could end an HTTP header.
const MEDIA_TYPE = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

/** What the trailer says. */
export interface FileFacts {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly contentType: string;
}

/** An object's file that is open for reading. Dispose of it. */
export interface ObjectFile extends AsyncDisposable {
  readonly facts: FileFacts;
  readonly modified: Date;
  /** The whole body. */
  bytes(): Promise<Uint8Array>;
  /** The body or a range of it as it comes; ends with the file closed. */
  stream(range?: ByteRange): Readable;
}

/**
 * Writes `body` and its trailer to a new file and brings it to the disk (fsync). Throws BodyMismatch when the body is
 * not what was announced, and whatever a cut body stream throws; removing the file is the caller's part.
 */
export async function writeObjectFile(path: string, body: Uint8Array | Readable, o: PutOptions): Promise<FileFacts> {
  if (!MEDIA_TYPE.test(o.contentType) || o.contentType.length > MAX_TYPE_BYTES) {
    throw new TypeError(`not a media type: ${JSON.stringify(o.contentType)}`);
  }
  await using file = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of chunksOf(body, o.signal)) {
    o.signal?.throwIfAborted();
    sizeBytes += chunk.length;
    checkSize(sizeBytes, o.sizeBytes, sizeBytes > (o.sizeBytes ?? Number.POSITIVE_INFINITY));
    hash.update(chunk);
    await file.writeFile(chunk);
  }
  checkSize(sizeBytes, o.sizeBytes, sizeBytes !== (o.sizeBytes ?? sizeBytes));
  const facts = { sha256: hash.digest('hex'), sizeBytes, contentType: o.contentType };
  if (o.sha256 !== undefined && o.sha256 !== facts.sha256) throw new BodyMismatch('sha256', o.sha256, facts.sha256);
  await file.writeFile(trailerOf(facts));
  await file.sync();
  return facts;
}

/** Opens an object's file. Throws ENOENT when there is none, ObjectCorrupt when it lacks its end. */
export async function openObjectFile(path: string, key: string): Promise<ObjectFile> {
  const file = await open(path, 'r');
  try {
    const { size, mtime } = await file.stat();
    const facts = await readTrailer(file, size, key);
    return {
      facts,
      modified: mtime,
      bytes: () => readExactly(file, 0, facts.sizeBytes, key),
      stream: (range) => {
        const { start, end } = range ?? { start: 0, end: facts.sizeBytes - 1 };
        return file.createReadStream({ start, end, autoClose: true });
      },
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function* chunksOf(body: Uint8Array | Readable, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) {
    yield body;
    return;
  }
  if (signal !== undefined) addAbortSignal(signal, body);
  for await (const chunk of body) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}

function checkSize(actual: number, announced: number | undefined, isWrong: boolean): void {
  if (isWrong) throw new BodyMismatch('size_bytes', String(announced), String(actual));
}

function trailerOf(facts: FileFacts): Buffer {
  const trailer = Buffer.alloc(TRAILER_BYTES);
  MAGIC.copy(trailer);
  trailer.write(facts.sha256, SHA256_AT, 'hex');
  trailer.writeBigUInt64BE(BigInt(facts.sizeBytes), SIZE_AT);
  trailer.writeUInt8(facts.contentType.length, TYPE_LENGTH_AT);
  trailer.write(facts.contentType, TYPE_AT, 'latin1');
  return trailer;
}

async function readTrailer(file: FileHandle, fileBytes: number, key: string): Promise<FileFacts> {
  const sizeBytes = fileBytes - TRAILER_BYTES;
  if (sizeBytes < 0) throw new ObjectCorrupt(key, 'its end is missing');
  const trailer = Buffer.from(await readExactly(file, sizeBytes, TRAILER_BYTES, key));
  if (!trailer.subarray(0, MAGIC.length).equals(MAGIC) || trailer.readBigUInt64BE(SIZE_AT) !== BigInt(sizeBytes)) {
    throw new ObjectCorrupt(key, 'its end is missing');
  }
  return {
    sha256: trailer.toString('hex', SHA256_AT, SIZE_AT),
    sizeBytes,
    contentType: trailer.toString('latin1', TYPE_AT, TYPE_AT + trailer.readUInt8(TYPE_LENGTH_AT)),
  };
}

async function readExactly(file: FileHandle, position: number, length: number, key: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) throw new ObjectCorrupt(key, 'it is shorter than its length');
    filled += bytesRead;
  }
  return bytes;
}
