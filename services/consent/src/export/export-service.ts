import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  type Export,
  type ExportDownloadService,
  ExportSchema,
  ExportState,
} from '@irisvue/contracts/irisvue/privacy/v1/export';
import { PrivacyService } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import { requestKey } from '@irisvue/database';
import { requireService, requireUser } from '@irisvue/runtime';
import { SUBJECT_KINDS } from '../consent-enums.ts';
import { accountOf } from '../principals.ts';
import type { ExportRow, ExportStateName } from '../privacy/schema.ts';
import { watchUntil } from '../privacy/watch.ts';
import { subjectOf } from '../subjects.ts';
import type { Exports } from './exports.ts';

type ExportMethods = 'createExport' | 'getExport' | 'watchExport' | 'revokeExportLinks' | 'deleteExport';

const STATES: Readonly<Record<ExportStateName, ExportState>> = {
  pending: ExportState.PENDING,
  packing: ExportState.PACKING,
  completed: ExportState.COMPLETED,
  deleted: ExportState.DELETED,
  blocked: ExportState.DELETED,
};

/** The methods of PrivacyService that are about exports. */
export function exportMethods(exports: Exports): Pick<ServiceImpl<typeof PrivacyService>, ExportMethods> {
  return {
    async createExport(request, context) {
      const { userId } = requireUser(context);
      const subject = request.subject === undefined ? accountOf(userId) : subjectOf(request.subject);
      const language = request.language === 'de' ? 'de' : 'en';
      const key = requestKey(userId, PrivacyService.method.createExport, request);
      const id = await exports.create({ userId, subject, language, request: key });
      return { export: exportMessage(await exports.open(id, userId)) };
    },
    async getExport({ exportId }, context) {
      const row = await exports.open(exportId, requireUser(context).userId);
      return { export: exportMessage(row, await exports.link(row)) };
    },
    async *watchExport({ exportId }, context) {
      const { userId } = requireUser(context);
      const look = async () => exportMessage(await exports.open(exportId, userId));
      const isEnd = ({ state }: Export) => state === ExportState.COMPLETED || state === ExportState.DELETED;
      for await (const each of watchUntil(ExportSchema, { look, isEnd, context })) yield { export: each };
    },
    async revokeExportLinks(request, context) {
      const { userId } = requireUser(context);
      await exports.revoke(request.exportId, requestKey(userId, PrivacyService.method.revokeExportLinks, request));
      return {};
    },
    async deleteExport(request, context) {
      const { userId } = requireUser(context);
      await exports.delete(request.exportId, requestKey(userId, PrivacyService.method.deleteExport, request));
      return { export: exportMessage(await exports.open(request.exportId, userId)) };
    },
  };
}

/** The door of the gateway, for links. */
export function exportDownloadService(exports: Pick<Exports, 'resolve'>): ServiceImpl<typeof ExportDownloadService> {
  return {
    async resolveExport({ token }, context) {
      requireService(context, 'gateway');
      return { url: await exports.resolve(token) };
    },
  };
}

/** An export as the contract has it. */
function exportMessage(row: ExportRow, downloadUrl = ''): Export {
  return create(ExportSchema, {
    id: row.id,
    subject: { id: row.subject_id, kind: SUBJECT_KINDS[row.subject_kind] },
    state: STATES[row.state],
    progress: progressOf(row),
    files: row.files,
    sizeBytes: BigInt(row.size_bytes ?? 0),
    sha256: row.sha256 ?? '',
    waitingFor: row.waiting_for,
    createTime: timestampFromDate(row.created_at),
    completeTime: time(row.completed_at),
    expireTime: time(row.expires_at),
    downloadUrl,
  });
}

/** In per cent; 100 only when it is completed, since more files may come than were counted. */
function progressOf({ completed_at, files, expected_files }: ExportRow): number {
  if (completed_at !== null) return 100;
  return expected_files === 0 ? 0 : Math.min(99, Math.floor((100 * files) / expected_files));
}

const time = (date: Date | null) => (date === null ? undefined : timestampFromDate(date));
