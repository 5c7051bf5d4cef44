import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { ConsentPurpose } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import {
  type CreatePhotoRequest,
  type DeletePhotoRequest,
  PhotoService,
  PresignedRequestSchema,
} from '@irisvue/contracts/irisvue/jobs/v1/photo_service';
import { cutPage, type Database, newId, once, readPage, requestKey } from '@irisvue/database';
import { type Clock, DomainError, ErrorReason, requireUser } from '@irisvue/runtime';
import { type ObjectStore, photoKey } from '@irisvue/storage';
import { type ConsentClient, requireConsent } from './consents.ts';
import { subjectKindName } from './job-enums.ts';
import { buryPhoto, findPhoto, insertPhoto, listPhotos, markUploaded, type PhotoRow } from './photo-store.ts';
import { noSuchPhoto, photoMessage, verifyUpload } from './photos.ts';
import type { JobsDatabase } from './schema.ts';

export interface PhotoServiceOptions {
  readonly db: Database<JobsDatabase>;
  readonly store: ObjectStore;
  readonly consent: ConsentClient;
  readonly clock: Clock;
  readonly uploadLinkMs: number;
  /** Wakes the sweep: objects are due. */
  readonly onBuried: () => void;
}

/** The RPC door of photos. */
export function photoService(o: PhotoServiceOptions): ServiceImpl<typeof PhotoService> {
  return {
    createPhoto: (request, context) => createPhoto(o, request, context),
    confirmPhoto: async (request, context) => {
      const photo = await photoOf(o, request.photoId, context);
      if (photo.upload_status === 'uploaded') return { photo: photoMessage(photo) };
      await verifyUpload(o.store, photo, context.signal);
      const uploaded = await o.db.transaction().execute((trx) => markUploaded(trx, photo.id));
      if (uploaded === undefined) throw noSuchPhoto(photo.id);
      return { photo: photoMessage(uploaded) };
    },
    getPhoto: async (request, context) => ({ photo: photoMessage(await photoOf(o, request.photoId, context)) }),
    listPhotos: async (request, context) => {
      const page = readPage(request);
      const { userId } = requireUser(context);
      const of = request.ofCaller ? { shownId: userId } : { uploaderId: userId };
      const { shown, nextPageToken } = cutPage(await listPhotos(o.db, of, page), page);
      return { photos: shown.map(photoMessage), nextPageToken };
    },
    deletePhoto: (request, context) => deletePhoto(o, request, context),
  };
}

async function photoOf(o: PhotoServiceOptions, id: string, context: HandlerContext): Promise<PhotoRow> {
  const photo = await findPhoto(o.db, id, requireUser(context).userId);
  if (photo === undefined) throw noSuchPhoto(id);
  return photo;
}

async function createPhoto(o: PhotoServiceOptions, request: CreatePhotoRequest, context: HandlerContext) {
  const { userId } = requireUser(context);
  const subjectKind = subjectKindName(request.subjectKind);
  if (subjectKind === undefined) {
    const metadata = { field: 'subject_kind', limit: 'a known kind' };
    throw new DomainError(ErrorReason.INVALID_FIELD, 'subject_kind is not known', metadata);
  }
  if (subjectKind === 'minor' && request.subjectId === '') {
    const metadata = { field: 'subject_id', limit: 'required for a minor' };
    throw new DomainError(ErrorReason.INVALID_FIELD, 'subject_id is missing', metadata);
  }
  const subject = { subject_id: request.subjectId.toLowerCase() || userId, subject_kind: subjectKind };
  await requireConsent(o.consent, [subject], ConsentPurpose.BIOMETRIC_CAPTURE, context.signal, userId);
  const { id } = await o.db.transaction().execute((trx) =>
    once(trx, requestKey(userId, PhotoService.method.createPhoto, request), async () => {
      const photoId = newId();
      await insertPhoto(trx, {
        id: photoId,
        user_id: userId,
        ...subject,
        object_key: photoKey(userId, photoId),
        content_type: request.contentType,
        size_bytes: Number(request.sizeBytes),
        sha256: request.sha256,
        created_at: o.clock.now(),
      });
      return photoId;
    }),
  );
  const photo = await photoOf(o, id, context);
  return { photo: photoMessage(photo), upload: await uploadOf(o, photo) };
}

// A repeat after the upload was confirmed has nothing left to upload.
async function uploadOf(o: PhotoServiceOptions, photo: PhotoRow) {
  if (photo.upload_status === 'uploaded') return undefined;
  const { method, url, headers, expiresAt } = await o.store.presignPut(photo.object_key, {
    contentType: photo.content_type,
    sizeBytes: photo.size_bytes,
    sha256: photo.sha256,
    expiresInSeconds: Math.round(o.uploadLinkMs / 1000),
  });
  return create(PresignedRequestSchema, { method, url, headers, expireTime: timestampFromDate(expiresAt) });
}

async function deletePhoto(o: PhotoServiceOptions, request: DeletePhotoRequest, context: HandlerContext) {
  const { userId } = requireUser(context);
  await o.db.transaction().execute((trx) =>
    once(trx, requestKey(userId, PhotoService.method.deletePhoto, request), async () => {
      const buried = await buryPhoto(trx, request.photoId, { userId });
      if (!buried) throw noSuchPhoto(request.photoId);
      return request.photoId;
    }),
  );
  o.onBuried();
  return {};
}
