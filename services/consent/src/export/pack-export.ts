import { create } from '@bufbuild/protobuf';
import { SubjectSchema } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { AuditAction } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { recordAudit } from '@irisvue/events';
import type { Clock } from '@irisvue/runtime';
import { exportPrefix, type ObjectStore } from '@irisvue/storage';
import { SUBJECT_KIND_NAMES, SUBJECT_KINDS } from '../consent-enums.ts';
import type { Evidence } from '../evidence.ts';
import { keepWorking, type LeasedWork, NotYet } from '../privacy/leased-work.ts';
import { leasesOf } from '../privacy/leases.ts';
import type { Party } from '../privacy/parties.ts';
import { closeRequest } from '../privacy/privacy-requests.ts';
import type { ExportRow, PrivacyDb } from '../privacy/schema.ts';
import type { Subject } from '../subjects.ts';
import { type ArchivedFile, archiveOf } from './archive.ts';
import { archiveKey } from './archives.ts';
import { beginAttempt, completeExport, EXPORTS_CHANNEL, noteFiles } from './export-store.ts';
import { heldItems, type Packing, packedFiles } from './packed-files.ts';

const DAY_MS = 86_400_000;
// Progress is told after so many files: rarely enough to cost nothing, often enough to be seen.
const NOTE_EVERY = 10;
const ZIP = 'application/zip';

/** What packing needs. */
export interface Packer {
  readonly db: PrivacyDb;
  readonly store: ObjectStore;
  readonly parties: readonly Pick<Party, 'export'>[];
  readonly evidence: Pick<Evidence, 'sign'>;
  /** How long an archive is kept. */
  readonly keptDays: number;
  readonly clock: Clock;
}

/** Packs exports until `signal` aborts, as keepWorking says. */
export function keepPacking(
  o: Packer & Pick<LeasedWork<ExportRow>, 'databaseUrl' | 'logger' | 'signal' | 'leaseMs'>,
): Promise<void> {
  const leases = leasesOf(o.db, 'exports', ['pending', 'packing']);
  const carry = (row: ExportRow, worker: string, signal: AbortSignal) => pack(o, row, { worker, signal });
  return keepWorking({ ...o, name: 'export', channel: EXPORTS_CHANNEL, leases, carry });
}

/**
 * Packs one export. Each try has a key of its own, and first deletes what tries before it left; the export points at the
 * try that ended while it still had the lease. One that did not deletes what it stored.
 */
async function pack(
  o: Packer,
  row: ExportRow,
  { worker, signal }: { readonly worker: string; readonly signal: AbortSignal },
): Promise<void> {
  const attempt = await beginAttempt(o.db, row.id, worker);
  if (attempt === undefined) throw new NotYet('another worker');
  await o.store.deletePrefix(exportPrefix(row.subject_id, row.id));
  const packing: Packing = {
    exportId: row.id,
    principalId: row.principal_id,
    language: row.language,
    createdAt: row.created_at,
    subjects: subjectsOf(row),
    parties: o.parties,
    store: o.store,
    evidence: o.evidence,
  };
  let expected = 0;
  for await (const _ of heldItems(packing, signal)) expected += 1;
  await noteFiles(o.db, { id: row.id, worker }, { expected_files: expected });

  const archived: ArchivedFile[] = [];
  async function* files() {
    for await (const file of packedFiles(packing, archived, signal)) {
      if (archived.length % NOTE_EVERY === 0) await noteFiles(o.db, { id: row.id, worker }, { files: archived.length });
      yield file;
    }
  }
  const onFile = (file: ArchivedFile) => archived.push(file);
  const archive = archiveOf(files(), { modified: row.created_at, onFile, signal });
  const key = archiveKey(row, attempt);
  const stored = await o.store.put(key, archive, { contentType: ZIP, signal });
  const completed = await complete(o, row, { worker, attempt, files: archived.length, ...stored });
  if (completed) return;
  await o.store.delete(key);
  throw new NotYet('another worker');
}

async function complete(
  { db, clock, keptDays }: Packer,
  row: ExportRow,
  o: {
    readonly worker: string;
    readonly attempt: number;
    readonly files: number;
    readonly sizeBytes: number;
    readonly sha256: string;
  },
): Promise<boolean> {
  const now = clock.now();
  const expiresAt = new Date(now.getTime() + keptDays * DAY_MS);
  return db.transaction().execute(async (trx) => {
    if (!(await completeExport(trx, { id: row.id, ...o, now, expiresAt }))) return false;
    await closeRequest(trx, row.id, now);
    await recordAudit(trx, {
      service: 'consent',
      action: AuditAction.EXPORT_COMPLETED,
      byService: 'consent',
      subjects: [create(SubjectSchema, { id: row.subject_id, kind: SUBJECT_KINDS[row.subject_kind] })],
      resources: { export: row.id },
      time: now,
    });
    return true;
  });
}

/** The subject; with the holder of an account also what was made under it of nobody's eye. Minors have an own export. */
function subjectsOf({ subject_id: id, subject_kind: kind }: ExportRow): Subject[] {
  if (kind !== 'self') return [{ id, kind }];
  const others = SUBJECT_KIND_NAMES.filter((each) => each === 'synthetic' || each === 'evaluation');
  return [{ id, kind }, ...others.map((each) => ({ id, kind: each }))];
}
