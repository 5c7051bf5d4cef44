import type { ServiceImpl } from '@connectrpc/connect';
import { ConsentPurpose } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import type { DownloadService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import type { Database } from '@irisvue/database';
import { requireService } from '@irisvue/runtime';
import { linkInvalid } from '@irisvue/signing-keys';
import type { ObjectStore } from '@irisvue/storage';
import { artworkPurposeOf } from './artworks.ts';
import { auditLink } from './audited.ts';
import { type CircleClient, isShownTo } from './circles.ts';
import { type ConsentClient, requireArtworkPermission, requireConsent } from './consents.ts';
import { holderOf, unlessBlocked } from './lineage/tombstones.ts';
import { findLinkedObject, type LinkedObject } from './link-store.ts';
import type { Links, LinkTarget } from './links.ts';
import type { JobsDatabase } from './schema.ts';

/** The URL that a link resolves to is used at once. */
const PRESIGNED_SECONDS = 60;

export interface DownloadServiceOptions {
  readonly db: Database<JobsDatabase>;
  readonly store: ObjectStore;
  readonly consent: ConsentClient;
  readonly circles: CircleClient;
  readonly links: Links;
}

/** The RPC door of downloads: a link is judged when it is used, so that it can be ended at once. */
export function downloadService(o: DownloadServiceOptions): ServiceImpl<typeof DownloadService> {
  return {
    resolveDownload: async (request, context) => {
      requireService(context, 'gateway');
      const target = await o.links.read(request.token);
      const object = await findLinkedObject(o.db, target);
      if (object === undefined) throw linkInvalid('deleted');
      if (object.epoch !== target.epoch) throw linkInvalid('revoked');
      await requireStillShown(o.circles, target, object, context.signal);
      await requireConsentTo(o.consent, target, object, context.signal);
      const fileName = fileNameOf(target, object.contentType);
      const url = await unlessBlocked(o.db, [...object.subjects, holderOf(object.ownerId), holderOf(target.user)], () =>
        o.store.presignGet(object.key, { expiresInSeconds: PRESIGNED_SECONDS, fileName }),
      );
      if (url === undefined) throw linkInvalid('deleted');
      const resources = { [target.resource]: target.id, artifact: target.artifact };
      const used = { userId: target.user, subjects: object.subjects, resources };
      await o.db.transaction().execute((trx) => auditLink(trx, 'used', used));
      return { url };
    },
  };
}

// A link works for whom it was handed to: the owner, or a member of the circle that the artwork is shared with.
async function requireStillShown(
  circles: CircleClient,
  target: LinkTarget,
  object: LinkedObject,
  signal: AbortSignal,
): Promise<void> {
  if (object.ownerId === target.user) return;
  const shared = object.artwork?.shared;
  if (shared === undefined || !(await isShownTo(circles, shared, target.user, signal))) throw linkInvalid('revoked');
}

// An original is a stored photo; everything else came out of processing it.
async function requireConsentTo(
  consent: ConsentClient,
  target: LinkTarget,
  object: LinkedObject,
  signal: AbortSignal,
): Promise<void> {
  const stored = target.artifact === 'original';
  const purpose = stored ? ConsentPurpose.BIOMETRIC_CAPTURE : ConsentPurpose.DATA_PROCESSING;
  const uploaderId = object.artwork === undefined ? object.ownerId : undefined;
  await requireConsent(consent, object.subjects, purpose, signal, uploaderId);
  if (object.artwork === undefined) return;
  const { id: artworkId, kind, shared } = object.artwork;
  const use = { creatorId: object.ownerId, photos: object.photos, purpose: artworkPurposeOf(kind), artworkId };
  await requireArtworkPermission(consent, { ...use, circleId: shared?.circleId }, signal);
}

/** The name that a browser saves the file under, for example "iris-8f3d0c5b7a21-mask.png". */
function fileNameOf(target: LinkTarget, contentType: string): string {
  const subtype = contentType.split('/')[1] ?? 'bin';
  const extension = subtype === 'jpeg' ? 'jpg' : subtype;
  // The last digits of a UUIDv7 are random; the first ones tell the time only.
  const name = `${target.resource === 'job' ? 'iris' : 'artwork'}-${target.id.slice(-12)}`;
  return target.artifact === 'result' ? `${name}.${extension}` : `${name}-${target.artifact}.${extension}`;
}
