import { create } from '@bufbuild/protobuf';
import { SubjectSchema } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { AuditAction } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { once, type RequestKey } from '@irisvue/database';
import { recordAudit } from '@irisvue/events';
import { type Clock, DomainError, ErrorReason, type Logger } from '@irisvue/runtime';
import { linkInvalid } from '@irisvue/signing-keys';
import { exportPrefix, exportsPrefix, type ObjectStore } from '@irisvue/storage';
import { requireMayChoose } from '../capture/minors.ts';
import { SUBJECT_KINDS } from '../consent-enums.ts';
import { lockSubject, principalOf } from '../principals.ts';
import { insertRequest, jurisdictionOf, withdrawRequests } from '../privacy/privacy-requests.ts';
import type { ExportRow, PrivacyDb, PrivacyTrx } from '../privacy/schema.ts';
import type { Subject } from '../subjects.ts';
import { archiveKey, removeStrays } from './archives.ts';
import type { ExportLinks } from './export-links.ts';
import { deleteEarlier, deleteExport, endLinks, exportUnderWay, findExport, insertExport } from './export-store.ts';
import type { ArchiveLanguage } from './words.ts';

/** The URL that a link resolves to is used at once. */
const PRESIGNED_SECONDS = 60;

/** Exports that people ask for. */
export interface Exports {
  /**
   * Begins an export of a subject and gives its id; one that this user began before and that is not packed yet is given
   * instead. Earlier archives of the subject are deleted. NOT_ALLOWED as requireMayChoose; SUBJECT_ERASED.
   */
  create(o: {
    readonly userId: string;
    readonly subject: Subject;
    readonly language: ArchiveLanguage;
    readonly request: RequestKey;
  }): Promise<string>;
  /** NOT_FOUND unless this user asked for it. */
  open(id: string, userId: string): Promise<ExportRow>;
  /** A link to the archive, on record as made; undefined unless it is completed. */
  link(row: ExportRow): Promise<string | undefined>;
  /** Ends all links that were handed out so far. NOT_FOUND. */
  revoke(id: string, request: RequestKey): Promise<void>;
  /** Stops it or deletes the archive. NOT_FOUND. */
  delete(id: string, request: RequestKey): Promise<void>;
  /** Where the archive of a link lies, for 60 seconds. LINK_INVALID {problem}. */
  resolve(token: string): Promise<string>;
}

export function createExports(o: {
  readonly db: PrivacyDb;
  readonly store: ObjectStore;
  readonly links: ExportLinks;
  readonly clock: Clock;
  readonly logger: Logger;
}): Exports {
  const { db, clock } = o;

  async function open(id: string, userId: string): Promise<ExportRow> {
    const row = await findExport(db, id);
    if (row?.user_id === userId) return row;
    throw new DomainError(ErrorReason.NOT_FOUND, 'there is no such export', { resource: 'export', id });
  }
  /** Whatever is not removed now is removed by the next round. */
  async function remove(prefix: string): Promise<void> {
    await removeStrays(o, prefix).catch((error: unknown) => {
      o.logger.warn({ err: error }, 'an archive is not removed yet');
    });
  }

  return {
    async create({ userId, subject, language, request }) {
      await requireMayChoose(db, subject, userId);
      const { id } = await db.transaction().execute((trx) =>
        once(trx, request, async () => {
          await lockSubject(trx, subject.id);
          const principalId = await principalOf(trx, subject);
          return (
            (await exportUnderWay(trx, userId, subject)) ??
            (await begin(trx, { userId, subject, principalId, language, now: clock.now() }))
          );
        }),
      );
      await remove(exportsPrefix(subject.id));
      return id;
    },
    open,
    async link(row) {
      if (row.state !== 'completed' || row.expires_at === null || row.expires_at <= clock.now()) return undefined;
      const url = await o.links.url({ export: row.id, user: row.user_id, epoch: row.link_epoch });
      await db.transaction().execute((trx) => audit(trx, AuditAction.LINK_MADE, row, clock.now()));
      return url;
    },
    async revoke(id, request) {
      await open(id, request.userId);
      await db.transaction().execute((trx) =>
        once(trx, request, async () => {
          await endLinks(trx, id);
          return id;
        }),
      );
    },
    async delete(id, request) {
      const row = await open(id, request.userId);
      await db.transaction().execute((trx) =>
        once(trx, request, async () => {
          await deleteExport(trx, id);
          await withdrawRequests(trx, [id], clock.now());
          return id;
        }),
      );
      await remove(exportPrefix(row.subject_id, id));
    },
    async resolve(token) {
      const link = await o.links.read(token);
      const row = await findExport(db, link.export);
      if (row?.state !== 'completed' || row.user_id !== link.user) throw linkInvalid('deleted');
      if (row.expires_at === null || row.expires_at <= clock.now()) throw linkInvalid('deleted');
      if (row.link_epoch !== link.epoch) throw linkInvalid('revoked');
      const fileName = `irisvue-export-${row.created_at.toISOString().slice(0, 10)}.zip`;
      const key = archiveKey(row, row.attempt);
      const url = await o.store.presignGet(key, { expiresInSeconds: PRESIGNED_SECONDS, fileName });
      await db.transaction().execute((trx) => audit(trx, AuditAction.LINK_USED, row, clock.now()));
      return url;
    },
  };
}

async function begin(
  trx: PrivacyTrx,
  o: {
    readonly userId: string;
    readonly subject: Subject;
    readonly principalId: string;
    readonly language: ArchiveLanguage;
    readonly now: Date;
  },
): Promise<string> {
  const { userId, subject, principalId, now } = o;
  await deleteEarlier(trx, userId, subject);
  const jurisdiction = await jurisdictionOf(trx, principalId);
  const id = await insertRequest(trx, { kind: 'export', principalId, jurisdiction, now });
  await insertExport(trx, { id, ...o });
  const row = { id, user_id: userId, subject_id: subject.id, subject_kind: subject.kind };
  await audit(trx, AuditAction.EXPORT_REQUESTED, row, now);
  return id;
}

async function audit(
  trx: PrivacyTrx,
  action: AuditAction,
  row: Pick<ExportRow, 'id' | 'user_id' | 'subject_id' | 'subject_kind'>,
  time: Date,
): Promise<void> {
  await recordAudit(trx, {
    service: 'consent',
    action,
    userId: row.user_id,
    subjects: [create(SubjectSchema, { id: row.subject_id, kind: SUBJECT_KINDS[row.subject_kind] })],
    resources: { export: row.id },
    time,
  });
}
