import { createHash } from 'node:crypto';
import { type PassThrough, type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';

/** A file that is to go into an archive. */
export interface ArchiveFile {
  /** Relative, segments joined by `/`. */
  readonly path: string;
  /** Opens the bytes. It is called when the file's turn comes, and at most once. */
  readonly open: () => Promise<Readable>;
  /** How many bytes there are, where that is known; the archive fails when it is another number. */
  readonly sizeBytes?: number;
  /** Whether packing makes it smaller: not so for pictures. */
  readonly compress: boolean;
  /** What it is, in a few words, for whoever looks at the archive. */
  readonly caption?: string;
}

/** A file that is in an archive. */
export interface ArchivedFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly caption?: string;
}

// Kept of each file until the archive ends: its entry in the ZIP's directory and its line in the list, about 1 KiB.
const FILE_MODE = 0o100644;

/**
 * Writes a ZIP archive as a stream; entries and the archive go over to ZIP64 where sizes ask for it. One file is open at
 * a time, and is read only as fast as the stream is: what lies in memory does not grow with the bytes, and grows by about
 * 1 KiB with each file. `onFile` is told of each file when its last byte was read, before the next one is asked for.
 *
 * The stream fails with what a file or `files` throws, with an Error for a path that comes twice or leads out of the
 * archive, and when `signal` aborts; destroying it closes what is open.
 */
export function archiveOf(
  files: AsyncIterable<ArchiveFile>,
  o: { readonly modified: Date; readonly onFile: (file: ArchivedFile) => void; readonly signal: AbortSignal },
): Readable {
  const zip = new ZipFile();
  const out = zip.outputStream as PassThrough;
  const closed = new AbortController();
  out.once('close', () => closed.abort(new Error('the archive was closed')));
  const signal = AbortSignal.any([o.signal, closed.signal]);
  out.on('error', () => undefined); // it may fail before anybody reads it; who reads it then is told
  const fail = (error: unknown) => out.destroy(error instanceof Error ? error : new Error(String(error)));
  zip.on('error', fail);
  appendAll(zip, files, { ...o, signal }).catch((error: unknown) => fail(o.signal.aborted ? o.signal.reason : error));
  return out;
}

async function appendAll(
  zip: ZipFile,
  files: AsyncIterable<ArchiveFile>,
  o: { readonly modified: Date; readonly onFile: (file: ArchivedFile) => void; readonly signal: AbortSignal },
): Promise<void> {
  const paths = new Set<string>();
  for await (const file of files) {
    o.signal.throwIfAborted();
    if (paths.has(file.path)) throw new Error(`${file.path} comes twice`);
    paths.add(file.path);
    o.onFile(await append(zip, file, o));
  }
  zip.end();
}

async function append(
  zip: ZipFile,
  { path, open, sizeBytes, compress, caption }: ArchiveFile,
  o: { readonly modified: Date; readonly signal: AbortSignal },
): Promise<ArchivedFile> {
  const source = await open();
  const measured = measuring();
  // The archive's list of entries keeps the function below: it must not keep the stream as well.
  let body: Readable | undefined = measured.stream;
  zip.addReadStreamLazy(path, { mtime: o.modified, mode: FILE_MODE, compress, size: sizeBytes }, (give) => {
    const given = body!;
    body = undefined;
    give(null, given);
  });
  await pipeline(source, measured.stream, { signal: o.signal });
  return { path, ...measured.facts(), ...(caption !== undefined && { caption }) };
}

/** Lets bytes through, and knows their number and SHA-256 at the end. */
function measuring() {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length;
      hash.update(chunk);
      done(null, chunk);
    },
  });
  return { stream, facts: () => ({ sizeBytes, sha256: hash.digest('hex') }) };
}
