import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { type Client, createClient } from '@connectrpc/connect';
import type { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { PhotoService, type PresignedRequest } from '@irisvue/contracts/irisvue/jobs/v1/photo_service';
import { v7 as uuidv7 } from 'uuid';
import type { Account } from './account.ts';

/** The largest photo that the mesh takes, in bytes (spec: 50 MB). */
const largestPhotoBytes = 50 * 1024 * 1024;

const contentTypes: Readonly<Record<string, string>> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.heif': 'image/heif',
  '.heic': 'image/heic',
  '.tif': 'image/tiff',
  '.tiff': 'image/tiff',
};

/** Whose eye the photos show. */
export interface PhotoSubject {
  readonly kind: SubjectKind;
  /** Of another adult or a minor; without it, the account itself. */
  readonly id?: string;
}

/** A file that was not sent, and why: decided before a byte leaves this machine. */
export class FileRefused extends Error {}

/**
 * Uploads one file straight to the object store and confirms it.
 * @returns the photo's id.
 * @throws FileRefused for a file that the mesh would not take; ConnectError when a call fails.
 */
export async function uploadPhoto(
  account: Account,
  path: string,
  subject: PhotoSubject,
  signal?: AbortSignal,
): Promise<string> {
  const photos: Client<typeof PhotoService> = createClient(PhotoService, account.transport);
  const { contentType } = await inspect(path);
  const bytes = await readFile(path, { signal });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const of = { subjectKind: subject.kind, subjectId: subject.id ?? '' };
  const request = { requestId: uuidv7(), ...of, sha256, sizeBytes: BigInt(bytes.length), contentType };
  const { photo, upload } = await photos.createPhoto(request, { signal });
  if (!photo || !upload) throw new Error('the gateway announced a photo without an upload request');
  await send(upload, bytes, signal);
  await photos.confirmPhoto({ photoId: photo.id }, { signal });
  return photo.id;
}

async function inspect(path: string): Promise<{ contentType: string }> {
  const file = await stat(path).catch(() => undefined);
  if (!file?.isFile()) throw new FileRefused('there is no such file');
  if (file.size === 0) throw new FileRefused('the file is empty (0 bytes; at least 1 is needed)');
  if (file.size > largestPhotoBytes) {
    throw new FileRefused(`the file has ${file.size} bytes; the limit is ${largestPhotoBytes} (50 MB)`);
  }
  const contentType = contentTypes[extname(path).toLowerCase()];
  if (!contentType) {
    throw new FileRefused(`files named *${extname(path)} are not read; ${Object.keys(contentTypes).join(' ')} are`);
  }
  return { contentType };
}

async function send(upload: PresignedRequest, bytes: Uint8Array<ArrayBuffer>, signal?: AbortSignal): Promise<void> {
  const answer = await fetch(upload.url, {
    method: upload.method,
    headers: upload.headers,
    body: bytes,
    ...(signal && { signal }),
  });
  if (!answer.ok) throw new Error(`the object store refused the upload (HTTP ${answer.status})`);
}
