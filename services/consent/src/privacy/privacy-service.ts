import type { ServiceImpl } from '@connectrpc/connect';
import { type Erasure, ErasureSchema, PrivacyService } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import { cutPage, readPage, requestKey } from '@irisvue/database';
import { type Clock, DomainError, ErrorReason, requireOperator, requireUser } from '@irisvue/runtime';
import { requireMayChoose } from '../capture/minors.ts';
import { exportMethods } from '../export/export-service.ts';
import type { Exports } from '../export/exports.ts';
import { accountOf } from '../principals.ts';
import { type Subject, subjectOf } from '../subjects.ts';
import type { AccessTokens } from './access-token.ts';
import type { Erasures } from './erasures.ts';
import { erasureMessage, requestMessage } from './privacy-message.ts';
import type { PrivacyRequests } from './privacy-requests.ts';
import type { PlacedScan } from './scan-everywhere.ts';
import type { PrivacyDb } from './schema.ts';
import { watchUntil } from './watch.ts';

/** Opened by the access token of an erasure: there is no account any more that could call. */
export const OPEN_PRIVACY_METHODS = [
  PrivacyService.method.getErasure,
  PrivacyService.method.watchErasure,
  PrivacyService.method.getErasureCertificate,
  PrivacyService.method.findErasedSubject,
];

export interface PrivacyRooms {
  readonly db: PrivacyDb;
  readonly erasures: Erasures;
  readonly exports: Exports;
  readonly requests: PrivacyRequests;
  readonly tokens: AccessTokens;
  readonly scan: (subject: Subject, signal: AbortSignal) => Promise<PlacedScan[]>;
  readonly clock: Clock;
}

/** The RPC door of privacy requests. */
export function privacyService(o: PrivacyRooms): ServiceImpl<typeof PrivacyService> {
  const { erasures, tokens, clock } = o;
  return {
    ...exportMethods(o.exports),
    async createErasure(request, context) {
      const { userId } = requireUser(context);
      const subject = request.subject === undefined ? accountOf(userId) : subjectOf(request.subject);
      const key = requestKey(userId, PrivacyService.method.createErasure, request);
      const id = await erasures.create({ userId, subject, request: key });
      const accessToken = tokens.of(id);
      return { erasure: erasureMessage(await erasures.open(id, accessToken)), accessToken };
    },
    getErasure: async ({ erasureId, accessToken }) => ({
      erasure: erasureMessage(await erasures.open(erasureId, accessToken)),
    }),
    async *watchErasure({ erasureId, accessToken }, context) {
      const look = async () => erasureMessage(await erasures.open(erasureId, accessToken));
      const isEnd = ({ completeTime }: Erasure) => completeTime !== undefined;
      for await (const erasure of watchUntil(ErasureSchema, { look, isEnd, context })) yield { erasure };
    },
    async getErasureCertificate({ erasureId, accessToken }) {
      const { certificate } = await erasures.open(erasureId, accessToken);
      if (certificate !== null) return { certificate };
      const message = 'the erasure goes on; its certificate comes at the end';
      throw new DomainError(ErrorReason.ERASURE_NOT_COMPLETED, message, { erasure_id: erasureId });
    },
    async listPrivacyRequests(request, context) {
      const caller = requireUser(context);
      const page = readPage(request);
      const rows = await o.requests.list(page, caller.role === 'operator' ? undefined : caller.userId);
      const { shown, nextPageToken } = cutPage(rows, page);
      return { requests: shown.map((row) => requestMessage(row, clock.now())), nextPageToken };
    },
    async extendPrivacyRequest(request, context) {
      const { userId } = requireOperator(context);
      const key = requestKey(userId, PrivacyService.method.extendPrivacyRequest, request);
      return { request: requestMessage(await o.requests.extend(request.privacyRequestId, key), clock.now()) };
    },
    async findSubject(request, context) {
      const caller = requireUser(context);
      const subject = subjectOf(request.subject);
      if (caller.role !== 'operator') await requireMayChoose(o.db, subject, caller.userId);
      return { scans: messages(await o.scan(subject, context.signal)) };
    },
    async findErasedSubject(request, context) {
      const subject = subjectOf(request.subject);
      await erasures.openOf(request.erasureId, request.accessToken, subject);
      return { scans: messages(await o.scan(subject, context.signal)) };
    },
  };
}

function messages(scans: readonly PlacedScan[]) {
  return scans.map(({ place, findings, lookedAt }) => ({ place, findings: [...findings], lookedAt: [...lookedAt] }));
}
