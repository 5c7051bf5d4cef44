import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { ObjectNotFound, type ObjectStore } from '@irisvue/storage';
import type { Evidence } from '../evidence.ts';
import type { ExportItem, Party } from '../privacy/parties.ts';
import type { Subject } from '../subjects.ts';
import type { ArchivedFile, ArchiveFile } from './archive.ts';
import { indexPage } from './index-page.ts';
import { type ArchiveLanguage, readMe } from './words.ts';

/** `typ` of the signed list of an archive. */
export const MANIFEST_TYPE = 'irisvue-export-manifest+jws';

/** What goes into an archive. */
export interface Packing {
  readonly exportId: string;
  readonly principalId: string;
  readonly language: ArchiveLanguage;
  readonly createdAt: Date;
  /** Whose data: the subject that was asked for first, then those that go with it. */
  readonly subjects: readonly Subject[];
  readonly parties: readonly Pick<Party, 'export'>[];
  readonly store: Pick<ObjectStore, 'head' | 'stream'>;
  readonly evidence: Pick<Evidence, 'sign'>;
}

/** What every party holds. The first subject's files lie at the top, those of the others in a folder of their kind. */
export async function* heldItems(
  o: Pick<Packing, 'subjects' | 'parties'>,
  signal: AbortSignal,
): AsyncGenerator<ExportItem> {
  for (const [index, subject] of o.subjects.entries()) {
    const folder = index === 0 ? '' : `${subject.kind}/`;
    for (const party of o.parties) {
      for await (const item of party.export(subject, signal)) yield { ...item, path: `${folder}${item.path}` };
    }
  }
}

/**
 * The files of an archive: what the parties hold, then README.txt, index.html, SHA256SUMS and its signed hash.
 * `archived` must hold, each time that a file is asked for, those that were given before. An object that vanished since
 * its party named it is left out, and README.txt says so.
 */
export async function* packedFiles(
  o: Packing,
  archived: readonly ArchivedFile[],
  signal: AbortSignal,
): AsyncGenerator<ArchiveFile> {
  const vanished: string[] = [];
  for await (const item of heldItems(o, signal)) {
    const file = await fileOf(o.store, item, signal);
    if (file === undefined) vanished.push(item.path);
    else yield file;
  }
  yield textFile('README.txt', [readMe(o.language, { vanished })]);
  yield textFile('index.html', indexPage(o.language, archived));
  const sums = createHash('sha256');
  yield textFile(
    'SHA256SUMS',
    sumLines(archived, (line) => sums.update(line)),
  );
  const manifest = {
    export_id: o.exportId,
    principal_id: o.principalId,
    created_at: o.createdAt.toISOString(),
    files: archived.length - 1,
    sha256sums: sums.digest('hex'),
  };
  yield textFile('manifest.jws', [`${await o.evidence.sign(MANIFEST_TYPE, manifest)}\n`]);
}

async function fileOf(
  store: Packing['store'],
  item: ExportItem,
  signal: AbortSignal,
): Promise<ArchiveFile | undefined> {
  const { path, content, caption } = item;
  if ('text' in content) return { ...textFile(path, [content.text]), ...(caption !== undefined && { caption }) };
  const { objectKey } = content;
  const facts = await store.head(objectKey);
  if (facts === undefined) return undefined;
  // Opened here: once a file is in the archive's hands, its absence can only break the archive off.
  try {
    const body = await store.stream(objectKey, { signal });
    return { path, sizeBytes: facts.sizeBytes, compress: false, open: async () => body };
  } catch (error) {
    if (error instanceof ObjectNotFound) return undefined;
    throw error;
  }
}

function textFile(path: string, pieces: Iterable<string>): ArchiveFile {
  return { path, compress: true, open: async () => Readable.from(bytesOf(pieces), { objectMode: false }) };
}

function* bytesOf(pieces: Iterable<string>): Generator<Buffer> {
  for (const piece of pieces) if (piece !== '') yield Buffer.from(piece);
}

/** Lines as sha256sum writes and reads them. */
function* sumLines(files: readonly ArchivedFile[], onLine: (line: string) => void): Generator<string> {
  for (const { sha256, path } of files) {
    const line = `${sha256}  ${path}\n`;
    onLine(line);
    yield line;
  }
}
