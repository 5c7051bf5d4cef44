import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ConnectRouter } from '@connectrpc/connect';
import { ConsentCheckService, ConsentService } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { cutPage, readPage, requestKey } from '@irisvue/database';
import { type Clock, requireService, requireUser } from '@irisvue/runtime';
import type { SignedToken } from '@irisvue/signing-keys';
import type { Accounts } from './accounts.ts';
import { purposeOf } from './artwork/permission-message.ts';
import { permissionMethods } from './artwork/permission-methods.ts';
import type { ArtworkPermissions } from './artwork/permissions.ts';
import type { CapturePermissions } from './capture/capture-permissions.ts';
import { clientAddress } from './client-address.ts';
import { jurisdictionName, purposeName } from './consent-enums.ts';
import { consentMessage, noticeMessage, policyMessage, receiptMessage, subjectMessage } from './consent-message.ts';
import type { Consents } from './consents.ts';
import type { Receipts } from './receipts/receipts.ts';
import type { Recipient } from './recipients.ts';
import type { StepRequest } from './step-capabilities.ts';
import { subjectOf } from './subjects.ts';

// The one service that plans work, and so the one that may ask about other people's consents.
const ASKING_SERVICE = 'jobs';
// The services that hand something to somebody outside the mesh, and so may ask whether they may.
const DISCLOSING_SERVICES = ['jobs', 'delivery', 'generation'];

/** What the door opens to. */
export interface ConsentRooms {
  readonly consents: Consents;
  readonly permissions: ArtworkPermissions;
  readonly capture: Pick<CapturePermissions, 'pending'>;
  readonly receipts: Receipts;
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly offered: readonly Recipient[];
  readonly stepCapability: (request: StepRequest) => Promise<SignedToken>;
}

/** Mounts both services of consent. */
export function consentRoutes(o: ConsentRooms): (router: ConnectRouter) => void {
  return (router) => {
    publicService(router, o);
    checkService(router, o);
  };
}

function publicService(
  router: ConnectRouter,
  { consents, permissions, receipts, accounts, clock, offered }: ConsentRooms,
): void {
  const { method } = ConsentService;
  router.service(ConsentService, {
    async getRetentionPolicy(request) {
      return { policy: policyMessage(consents.policy(request.language)) };
    },
    async getNotice(request, context) {
      const { userId } = requireUser(context);
      const notice = await consents.serveNotice({
        userId,
        recipients: request.recipients,
        jurisdiction: jurisdictionName(request.jurisdiction),
        purpose: purposeName(request.purpose),
        language: request.language,
      });
      return { notice: noticeMessage(notice), offeredRecipients: [...offered] };
    },
    async grantConsent(request, context) {
      const { userId } = requireUser(context);
      const row = await consents.grant({
        userId,
        subject: subjectOf(request.subject),
        purpose: purposeName(request.purpose),
        jurisdiction: jurisdictionName(request.jurisdiction),
        noticeId: request.noticeId,
        noticeSha256: request.noticeSha256,
        recipients: request.recipients,
        fullAge: request.fullAge,
        signature: request.signature,
        ipAddress: clientAddress(context.requestHeader),
        request: requestKey(userId, method.grantConsent, request),
      });
      return { consent: consentMessage(row), receipt: await receipts.of(row.id) };
    },
    async withdrawConsent(request, context) {
      const { userId } = requireUser(context);
      const row = await consents.withdraw({
        userId,
        subject: subjectOf(request.subject),
        purpose: purposeName(request.purpose),
        request: requestKey(userId, method.withdrawConsent, request),
      });
      return { consent: consentMessage(row), receipt: await receipts.of(row.id) };
    },
    async listConsents(_, context) {
      const rows = await consents.list(requireUser(context).userId);
      return { consents: rows.map(consentMessage) };
    },
    async listReceipts(request, context) {
      const page = readPage(request);
      const { shown, nextPageToken } = cutPage(await receipts.list(requireUser(context).userId, page), page);
      return { receipts: shown.map(receiptMessage), nextPageToken };
    },
    async listReceiptKeys() {
      return { jwks: JSON.stringify(await receipts.keySet()) };
    },
    ...permissionMethods({ permissions, receipts, accounts, clock }),
  });
}

function checkService(router: ConnectRouter, { consents, capture, permissions, stepCapability }: ConsentRooms): void {
  router.service(ConsentCheckService, {
    async checkConsent(request, context) {
      requireService(context, ASKING_SERVICE);
      const subjects = request.subjects.map(subjectOf);
      const without = await consents.pending(subjects, purposeName(request.purpose));
      const uploaderId = request.uploaderId.toLowerCase();
      const foreign = uploaderId ? await capture.pending(subjects, uploaderId) : [];
      const pending = subjects.filter((subject) => without.includes(subject) || foreign.includes(subject));
      return { pending: pending.map(subjectMessage) };
    },
    async createStepCapability(request, context) {
      requireService(context, ASKING_SERVICE);
      const { token, expiresAt } = await stepCapability({
        subjects: request.subjects.map(subjectOf),
        purpose: purposeName(request.purpose),
        jobId: request.jobId,
        step: request.step,
        uploaderId: request.uploaderId.toLowerCase() || undefined,
        attempt: request.attempt,
      });
      return { token, expireTime: timestampFromDate(expiresAt) };
    },
    async checkArtworkPermission(request, context) {
      requireService(context, ASKING_SERVICE);
      const photos = request.photos.map((photo) => ({
        photoId: photo.photoId.toLowerCase(),
        ownerId: photo.ownerId.toLowerCase(),
      }));
      const use = {
        creatorId: request.creatorId.toLowerCase(),
        purpose: purposeOf(request.purpose),
        circleId: request.circleId.toLowerCase() || undefined,
        artworkId: request.artworkId.toLowerCase() || undefined,
        recipient: request.recipient || undefined,
      };
      return { pendingPhotoIds: await permissions.pending(use, photos) };
    },
    async checkDisclosure({ subjects, recipient, purpose }, context) {
      requireService(context, ...DISCLOSING_SERVICES);
      const denied = await consents.denied(subjects.map(subjectOf), recipient, purposeName(purpose));
      return { denied: denied.map(subjectMessage) };
    },
  });
}
