import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import { AuditProblem, type AuditService } from '@irisvue/contracts/irisvue/privacy/v1/audit_service';
import { DomainError, ErrorReason, requireOperator, requireUser } from '@irisvue/runtime';
import type { AuditEntry } from './audit-entry.ts';
import type { AuditLog } from './audit-log.ts';
import { actionOf, outcomeOf } from './audit-names.ts';
import type { StoredEntry } from './schema.ts';
import type { ChainProblem } from './verify-chain.ts';

const DEFAULT_PAGE = 50;

const PROBLEMS = {
  changed: AuditProblem.CHANGED,
  missing: AuditProblem.MISSING,
  inserted: AuditProblem.INSERTED,
  cut_off: AuditProblem.CUT_OFF,
  written_anew: AuditProblem.WRITTEN_ANEW,
  anchor_forged: AuditProblem.ANCHOR_FORGED,
} as const satisfies Record<ChainProblem | 'anchor_forged', AuditProblem>;

/** The RPC door of the audit log. */
export function auditService(log: AuditLog): ServiceImpl<typeof AuditService> {
  return {
    async listAuditEntries(request, context) {
      const caller = requireUser(context);
      const limit = request.pageSize || DEFAULT_PAGE;
      const rows = await log.list({
        userId: caller.role === 'operator' ? undefined : caller.userId,
        before: readPlace(request.pageToken),
        limit: limit + 1,
      });
      const shown = rows.slice(0, limit);
      const nextPageToken = rows.length > limit ? String(shown.at(-1)!.seq) : '';
      return { entries: shown.map(entryMessage), nextPageToken };
    },
    async verifyAuditLog(request, context) {
      requireOperator(context);
      const { entries, problem } = await log.verify(request.anchor || undefined);
      return {
        entries: BigInt(entries),
        problem: problem === undefined ? AuditProblem.UNSPECIFIED : PROBLEMS[problem.kind],
        seq: BigInt(problem?.seq ?? 0),
      };
    },
    async getAuditAnchor(_, context) {
      requireOperator(context);
      return { anchor: await log.anchor() };
    },
  };
}

function readPlace(token: string): number | undefined {
  if (token === '') return undefined;
  if (/^[1-9]\d{0,14}$/.test(token)) return Number(token);
  const metadata = { field: 'page_token', limit: 'next_page_token of an earlier answer' };
  throw new DomainError(ErrorReason.INVALID_FIELD, 'page_token is not from an earlier answer', metadata);
}

function entryMessage(row: StoredEntry) {
  const entry = JSON.parse(row.entry) as AuditEntry;
  return {
    seq: BigInt(row.seq),
    time: timestampFromDate(new Date(entry.time)),
    service: entry.service,
    action: actionOf(entry.action),
    outcome: outcomeOf(entry.outcome),
    actor: entry.actor,
    asOperator: entry.operator,
    subjects: [...entry.subjects],
    resources: [...entry.resources],
    hash: row.hash,
  };
}
