import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** Tries in a row that bring no byte. */
const MOST_TRIES = 5;
const PAUSE_MS = 1_000;

/** What is downloaded, and where to. */
export interface Download {
  /** Asks for a link; each is used once. */
  readonly link: () => Promise<string>;
  readonly file: string;
  readonly sizeBytes: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  readonly onProgress: (received: number, total: number) => void;
  readonly signal: AbortSignal;
  /** Pause before a try that follows one without a byte, in milliseconds. */
  readonly pauseMs?: number;
}

/** Where the bytes lie until they are all there: one file for one archive, so that two never mix. */
export const partOf = (o: Pick<Download, 'file' | 'sha256'>): string => `${o.file}.${o.sha256.slice(0, 16)}.part`;

/**
 * Downloads into a file. What an earlier call brought is gone on from, and a transfer that breaks off is taken up where
 * it broke off. The file is there whole, with the right SHA-256, or not at all.
 * @throws Error when five tries in a row bring nothing, when the bytes are others, or when the file is there already.
 */
export async function resumeDownload(o: Download): Promise<void> {
  if ((await stat(o.file).catch(() => undefined)) !== undefined) throw new Error(`${o.file} is there already`);
  const part = partOf(o);
  const hash = createHash('sha256');
  {
    await using target = await open(part, 'a', 0o600);
    let received = await hashed(part, hash);
    o.onProgress(received, o.sizeBytes);
    let tries = 0;
    while (received < o.sizeBytes) {
      const before = received;
      try {
        for await (const chunk of bytesFrom(o, received)) {
          received = await kept(o, target, hash, chunk, received);
        }
      } catch (error) {
        o.signal.throwIfAborted();
        if (error instanceof WrongBytes) throw error;
        tries = received > before ? 0 : tries + 1;
        if (tries >= MOST_TRIES) throw error;
      }
      if (received === before) await delay(o.pauseMs ?? PAUSE_MS, undefined, { signal: o.signal });
    }
    await target.sync();
  }
  if (hash.digest('hex') !== o.sha256) {
    await rm(part);
    throw new WrongBytes(`what came is not what was announced, and was removed: ${o.file}`);
  }
  await rename(part, o.file);
}

class WrongBytes extends Error {}

/** Feeds what is there already to `hash`; gives how many bytes that are. */
async function hashed(part: string, hash: Hash): Promise<number> {
  let bytes = 0;
  for await (const chunk of createReadStream(part) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return bytes;
}

async function* bytesFrom(o: Download, from: number): AsyncGenerator<Uint8Array> {
  const range = `bytes=${from}-`;
  // As it lies there: sizes and hashes are of the bytes that are stored.
  const answer = await fetch(await o.link(), {
    headers: { range, 'accept-encoding': 'identity' },
    signal: o.signal,
  });
  const isRest = answer.status === 206 && answer.headers.get('content-range')?.startsWith(`bytes ${from}-`);
  if (!isRest && (from > 0 || answer.status !== 200)) {
    await answer.body?.cancel();
    throw new Error(`a download link answered HTTP ${answer.status}`);
  }
  yield* answer.body ?? [];
}

async function kept(o: Download, target: FileHandle, hash: Hash, chunk: Uint8Array, received: number): Promise<number> {
  const now = received + chunk.length;
  if (now > o.sizeBytes) throw new WrongBytes(`more came than the ${o.sizeBytes} bytes that were announced`);
  await target.writeFile(chunk);
  hash.update(chunk);
  o.onProgress(now, o.sizeBytes);
  return now;
}
