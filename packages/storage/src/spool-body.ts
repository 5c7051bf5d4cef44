import { createHash } from 'node:crypto';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { BodyMismatch } from './object-errors.ts';
import type { PutOptions } from './object-store.ts';

/** A body that was read to its end, so that its length and hashes are known. Dispose of it. */
export interface SpooledBody extends AsyncDisposable {
  readonly sizeBytes: number;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** As the header Content-MD5 has it. */
  readonly md5Base64: string;
  /** The bytes, from the start. */
  open(): Uint8Array | Readable;
}

/** Reads a body to its end: bytes stay where they are, a stream goes to a temporary file. BodyMismatch as put() says. */
export async function spoolBody(body: Uint8Array | Readable, o: PutOptions): Promise<SpooledBody> {
  const sha256 = createHash('sha256');
  const md5 = createHash('md5');
  if (body instanceof Uint8Array) {
    sha256.update(body);
    md5.update(body);
    const facts = checkedFacts(body.length, sha256.digest('hex'), o);
    return { ...facts, md5Base64: md5.digest('base64'), open: () => body, async [Symbol.asyncDispose]() {} };
  }
  if (o.signal !== undefined) addAbortSignal(o.signal, body);
  const file = await openNameless();
  try {
    const sizeBytes = await copy(body, file, o.sizeBytes, (chunk) => {
      sha256.update(chunk);
      md5.update(chunk);
    });
    return {
      ...checkedFacts(sizeBytes, sha256.digest('hex'), o),
      md5Base64: md5.digest('base64'),
      open: () => file.createReadStream({ start: 0, autoClose: false }),
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A temporary file without a name: it is gone with the process, however that ends. */
async function openNameless(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'irisvue-put-'));
  try {
    return await open(join(folder, 'body'), 'wx+', 0o600);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function copy(
  body: Readable,
  file: FileHandle,
  announced: number | undefined,
  onChunk: (chunk: Uint8Array) => void,
): Promise<number> {
  let sizeBytes = 0;
  for await (const part of body) {
    const chunk: Uint8Array = typeof part === 'string' ? Buffer.from(part) : part;
    sizeBytes += chunk.length;
    // Stop at once: a body that is longer than announced may have no end.
    if (announced !== undefined && sizeBytes > announced) throw sizeMismatch(announced, sizeBytes);
    onChunk(chunk);
    await file.writeFile(chunk);
  }
  return sizeBytes;
}

function checkedFacts(sizeBytes: number, sha256: string, o: PutOptions): { sizeBytes: number; sha256: string } {
  if (o.sizeBytes !== undefined && o.sizeBytes !== sizeBytes) throw sizeMismatch(o.sizeBytes, sizeBytes);
  if (o.sha256 !== undefined && o.sha256 !== sha256) throw new BodyMismatch('sha256', o.sha256, sha256);
  return { sizeBytes, sha256 };
}

function sizeMismatch(announced: number, actual: number): BodyMismatch {
  return new BodyMismatch('size_bytes', String(announced), String(actual));
}
