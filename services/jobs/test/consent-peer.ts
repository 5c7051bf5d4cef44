import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ConnectRouter } from '@connectrpc/connect';
import {
  ConsentCheckService,
  type ConsentPurpose,
  type CreateStepCapabilityRequest,
  SubjectKind,
} from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { RetentionService, type RetentionTermsSchema } from '@irisvue/contracts/irisvue/consent/v1/retention_service';
import { createLogger, DomainError, ErrorReason, serve } from '@irisvue/runtime';

const CAPABILITY_MS = 60_000;

/** Consent as its contract has it: everybody consents to everything until a test withdraws it. */
export interface ConsentPeer extends AsyncDisposable {
  readonly url: string;
  withdraw(subjectId: string, purpose: ConsentPurpose): void;
  /** Lets the creator use a photo in artworks of one circle; without one, in those that are in none. */
  permit(photoId: string, creatorId: string, circleId?: string): void;
  /** Takes that back. */
  forbid(photoId: string, creatorId: string): void;
  /** Lets a user upload photos of somebody else's eye; the reverse with `false`. */
  permitCapture(subjectId: string, uploaderId: string, permitted?: boolean): void;
  /** Capabilities that were issued. */
  readonly issued: readonly CreateStepCapabilityRequest[];
  /** Retention terms by id of the subject; of others nothing ever ends. A test may throw in it. */
  termsOf: (subjectId: string) => MessageInitShape<typeof RetentionTermsSchema>;
  /** Called before a capability is issued; a test may wait or throw in it. */
  beforeIssuing: (request: CreateStepCapabilityRequest) => Promise<void> | void;
}

/** Mounts what tells retention terms. */
function retention(router: ConnectRouter, peer: () => ConsentPeer): ConnectRouter {
  return router.service(RetentionService, {
    getRetentionTerms: ({ subjects }) => ({
      terms: subjects.map((subject) => ({ subject, ...peer().termsOf(subject.id) })),
    }),
  });
}

export async function startConsentPeer(): Promise<ConsentPeer> {
  const withdrawn = new Set<string>();
  const permitted = new Set<string>();
  const issued: CreateStepCapabilityRequest[] = [];
  const captures = new Set<string>();
  const isForeign = (id: string, uploaderId: string) =>
    uploaderId !== '' && uploaderId !== id && !captures.has(`${id} ${uploaderId}`);
  const isPending = (id: string, purpose: ConsentPurpose, uploaderId: string) =>
    withdrawn.has(`${id} ${purpose}`) || isForeign(id, uploaderId);
  const server = await serve({
    name: 'consent',
    host: '127.0.0.1',
    port: 0,
    logger: createLogger({ service: 'consent', level: 'silent' }),
    readiness: {},
    routes: (router) =>
      retention(router, () => peer).service(ConsentCheckService, {
        checkConsent: ({ subjects, purpose, uploaderId }) => {
          if (subjects.some((subject) => subject.kind === SubjectKind.EVALUATION)) {
            const metadata = { subject_kind: 'evaluation' };
            throw new DomainError(ErrorReason.SUBJECT_KIND_NOT_ALLOWED, 'not allowed here', metadata);
          }
          return { pending: subjects.filter((subject) => isPending(subject.id, purpose, uploaderId)) };
        },
        createStepCapability: async (request) => {
          await peer.beforeIssuing(request);
          const pending = request.subjects.filter((subject) =>
            isPending(subject.id, request.purpose, request.uploaderId),
          );
          if (pending.length > 0) {
            const metadata = { purpose: 'data_processing', pending: pending.map((subject) => subject.id).join(',') };
            throw new DomainError(ErrorReason.CONSENT_REQUIRED, 'consent is missing', metadata);
          }
          issued.push(request);
          const token = `${request.jobId} ${request.step} ${request.attempt}`;
          return { token, expireTime: timestampFromDate(new Date(Date.now() + CAPABILITY_MS)) };
        },
        checkArtworkPermission: ({ creatorId, photos, circleId }) => ({
          pendingPhotoIds: photos
            .map((photo) => photo.photoId)
            .filter((photoId) => !permitted.has(`${photoId} ${creatorId} ${circleId}`)),
        }),
      }),
  });
  const peer: ConsentPeer = {
    url: server.url,
    withdraw: (subjectId, purpose) => withdrawn.add(`${subjectId} ${purpose}`),
    permit: (photoId, creatorId, circleId = '') => permitted.add(`${photoId} ${creatorId} ${circleId}`),
    forbid: (photoId, creatorId) => permitted.delete(`${photoId} ${creatorId} `),
    permitCapture: (subjectId, uploaderId, permitted = true) => {
      if (permitted) captures.add(`${subjectId} ${uploaderId}`);
      else captures.delete(`${subjectId} ${uploaderId}`);
    },
    issued,
    beforeIssuing: () => {},
    termsOf: () => ({}),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return peer;
}
