import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { type Client, createClient } from '@connectrpc/connect';
import { type Subject, SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { type Export, ExportState } from '@irisvue/contracts/irisvue/privacy/v1/export';
import { PrivacyRequestKind, PrivacyService } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import { v7 as uuidv7 } from 'uuid';
import { openBar } from '../bar.ts';
import type { RunContext } from '../main.ts';
import { formatBytes } from '../models/format-bytes.ts';
import { signedIn } from '../signed-in.ts';
import { partOf, resumeDownload } from './resume-download.ts';

export interface ExportFlags {
  readonly out?: string;
  readonly minor?: string;
  readonly language: 'en' | 'de';
}

type Privacy = Client<typeof PrivacyService>;
type Whose = Pick<Subject, 'id' | 'kind'>;

/**
 * Has all that the mesh holds about the account of this home, or a minor that it represents, packed into a ZIP archive,
 * and downloads it. A download that broke off in an earlier call is gone on with, as long as its archive is there.
 */
export async function exportSubject(run: RunContext, o: ExportFlags): Promise<void> {
  await signedIn(run, async (account) => {
    const privacy = createClient(PrivacyService, account.transport);
    const subject =
      o.minor === undefined ? { id: account.userId, kind: SubjectKind.SELF } : { id: o.minor, kind: SubjectKind.MINOR };
    const packed =
      (await brokenOff(privacy, subject, o.out)) ?? (await packNow(privacy, subject, { ...o, signal: run.signal }));
    const file = fileOf(packed, o.out);
    const bar = openBar('downloading', (received, total) => `${formatBytes(received)} of ${formatBytes(total)}`);
    try {
      await resumeDownload({
        link: async () => (await privacy.getExport({ exportId: packed.id })).export?.downloadUrl ?? '',
        file,
        sizeBytes: Number(packed.sizeBytes),
        sha256: packed.sha256,
        onProgress: bar.show,
        signal: run.signal,
      });
    } finally {
      bar.stop();
    }
    console.log(`${file}: ${packed.files} files, ${formatBytes(Number(packed.sizeBytes))}, sha256 ${packed.sha256}`);
    console.log(`The copy at the mesh is deleted on ${day(packed)}; irisvue privacy delete-export deletes it now.`);
  });
}

/** Deletes the archives of this account that are kept at the mesh. */
export async function deleteExports(run: RunContext): Promise<void> {
  await signedIn(run, async ({ transport }) => {
    const privacy = createClient(PrivacyService, transport);
    const kept = await keptExports(privacy);
    for (const { id: exportId } of kept) {
      await privacy.deleteExport({ requestId: uuidv7(), exportId });
      console.log(`deleted ${exportId}`);
    }
    if (kept.length === 0) console.log('no archive is kept');
  });
}

async function packNow(
  privacy: Privacy,
  subject: Whose,
  o: Pick<ExportFlags, 'language'> & { readonly signal: AbortSignal },
): Promise<Export> {
  const begun = await privacy.createExport({ requestId: uuidv7(), subject, language: o.language });
  const exportId = begun.export!.id;
  let last = begun.export!;
  const bar = openBar('packing', () => `${last.files} files${last.waitingFor && `, waits for ${last.waitingFor}`}`);
  try {
    for await (const { export: seen } of privacy.watchExport({ exportId }, { signal: o.signal })) {
      last = seen ?? last;
      bar.show(last.progress, 100);
    }
  } finally {
    bar.stop();
  }
  if (last.state !== ExportState.COMPLETED) throw new Error('the export was deleted before it was packed');
  return last;
}

/** An archive of which a part was downloaded before, if it is still kept. */
async function brokenOff(privacy: Privacy, subject: Whose, out: string | undefined): Promise<Export | undefined> {
  for (const kept of await keptExports(privacy)) {
    if (kept.subject?.id !== subject.id || kept.subject.kind !== subject.kind) continue;
    const part = await stat(partOf({ file: fileOf(kept, out), sha256: kept.sha256 })).catch(() => undefined);
    if (part !== undefined) return kept;
  }
  return undefined;
}

async function keptExports(privacy: Privacy): Promise<Export[]> {
  const { requests } = await privacy.listPrivacyRequests({ pageSize: 50 });
  const kept: Export[] = [];
  for (const { id: exportId } of requests.filter(({ kind }) => kind === PrivacyRequestKind.EXPORT)) {
    const found = (await privacy.getExport({ exportId })).export;
    if (found?.state === ExportState.COMPLETED) kept.push(found);
  }
  return kept;
}

function fileOf({ createTime }: Export, out: string | undefined): string {
  const date = createTime === undefined ? '' : timestampDate(createTime).toISOString().slice(0, 10);
  return resolve(out ?? `irisvue-export-${date}.zip`);
}

function day({ expireTime }: Export): string {
  return expireTime === undefined ? '' : timestampDate(expireTime).toISOString().slice(0, 10);
}
