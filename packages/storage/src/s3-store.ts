import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { type Clock, systemClock } from '@irisvue/runtime';
import { contentDisposition } from './content-disposition.ts';
import { ObjectCorrupt, ObjectNotFound, ObjectTooLarge } from './object-errors.ts';
import { checkedKey, checkedPrefix } from './object-key.ts';
import type { ObjectStore } from './object-store.ts';
import { explainedS3, explainedStream, isNotFound } from './s3-errors.ts';
import { presignS3 } from './s3-presign.ts';
import { spoolBody } from './spool-body.ts';

export interface S3StoreOptions {
  readonly endpoint: string;
  /** Endpoint as clients reach it, for presigned requests; the same as `endpoint` when not given. */
  readonly publicEndpoint?: string;
  readonly region: string;
  /** Made when missing. */
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /**
   * Whether each put asks for encryption at rest (SSE-S3). False for a store that encrypts on its own account and refuses
   * to be asked, as Ceph since 17 and MinIO do without a key server. Default: true.
   */
  readonly sse?: boolean;
  readonly clock?: Clock;
  readonly allowedOrigins?: readonly string[];
}

const CONNECT_TIMEOUT_MS = 3_000;
const IDLE_TIMEOUT_MS = 30_000;
const CORS_MAX_AGE_SECONDS = 600;
// At rest, with the store's own key.
const ENCRYPTION = 'AES256';

/** Opens a bucket as a store; makes the bucket when it is missing. */
export async function openS3Store(o: S3StoreOptions): Promise<ObjectStore> {
  const clock = o.clock ?? systemClock;
  const Bucket = o.bucket;
  const encryption = (o.sse ?? true) ? ENCRYPTION : undefined;
  const client = new S3Client({
    endpoint: o.endpoint,
    region: o.region,
    credentials: { accessKeyId: o.accessKeyId, secretAccessKey: o.secretAccessKey },
    forcePathStyle: true,
    // Stores other than Amazon's ignore or refuse the SDK's own checksums; Content-MD5 is understood by all.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: IDLE_TIMEOUT_MS },
  });
  try {
    await ensureBucket(client, Bucket);
    if (o.allowedOrigins !== undefined) await allowOrigins(client, Bucket, o.allowedOrigins);
  } catch (error) {
    client.destroy();
    throw error;
  }
  const presignTarget = { client, endpoint: o.publicEndpoint ?? o.endpoint, region: o.region, bucket: Bucket };

  const getObject = (key: string, range: string | undefined, signal: AbortSignal | undefined) =>
    explainedS3(async () => {
      try {
        const command = new GetObjectCommand({ Bucket, Key: checkedKey(key), Range: range });
        const { Body, ContentLength } = await client.send(command, { abortSignal: signal });
        return { body: Body as Readable, sizeBytes: ContentLength ?? 0 };
      } catch (error) {
        throw isNotFound(error) ? new ObjectNotFound(key, { cause: error }) : error;
      }
    });

  const store: ObjectStore = {
    async put(key, body, options) {
      checkedKey(key);
      // MD5 and SHA-256 travel in the head of the request, so a stream is first read to its end.
      await using spooled = await spoolBody(body, options);
      await explainedS3(() =>
        client.send(
          new PutObjectCommand({
            Bucket,
            Key: key,
            Body: spooled.open(),
            ContentLength: spooled.sizeBytes,
            ContentType: options.contentType,
            ContentMD5: spooled.md5Base64,
            ServerSideEncryption: encryption,
            Metadata: { sha256: spooled.sha256 },
          }),
          { abortSignal: options.signal },
        ),
      );
      return { key, sha256: spooled.sha256, sizeBytes: spooled.sizeBytes, contentType: options.contentType };
    },

    async get(key, options = {}) {
      const { maxBytes = Number.POSITIVE_INFINITY, sha256, signal } = options;
      const { body, sizeBytes } = await getObject(key, undefined, signal);
      if (sizeBytes > maxBytes) {
        body.destroy();
        throw new ObjectTooLarge(key, sizeBytes, maxBytes);
      }
      const bytes = new Uint8Array(sizeBytes);
      let filled = 0;
      for await (const chunk of explainedStream(body, signal)) {
        bytes.set(chunk, filled);
        filled += chunk.length;
      }
      if (filled !== sizeBytes) throw new ObjectCorrupt(key, 'it is shorter than its length');
      if (sha256 !== undefined && createHash('sha256').update(bytes).digest('hex') !== sha256) {
        throw new ObjectCorrupt(key, 'its SHA-256 is another');
      }
      return bytes;
    },

    async stream(key, options = {}) {
      const { range, signal } = options;
      const { body } = await getObject(key, range && `bytes=${range.start}-${range.end}`, signal);
      return Readable.from(explainedStream(body, signal), { objectMode: false });
    },

    head: (key) =>
      explainedS3(async () => {
        try {
          const facts = await client.send(new HeadObjectCommand({ Bucket, Key: checkedKey(key) }));
          return { sizeBytes: facts.ContentLength ?? 0, contentType: facts.ContentType ?? '' };
        } catch (error) {
          if (isNotFound(error)) return undefined;
          throw error;
        }
      }),

    async delete(key) {
      await explainedS3(() => client.send(new DeleteObjectCommand({ Bucket, Key: checkedKey(key) })));
    },

    async deletePrefix(prefix) {
      checkedPrefix(prefix);
      let count = 0;
      for await (const page of pages(prefix)) {
        const Objects = (page.Contents ?? []).map(({ Key }) => ({ Key }));
        if (Objects.length === 0) continue;
        const { Errors = [] } = await explainedS3(() =>
          client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } })),
        );
        if (Errors.length > 0) throw new Error(`${Errors.length} objects could not be deleted: ${Errors[0].Code}`);
        count += Objects.length;
      }
      return count;
    },

    async *list(prefix) {
      for await (const page of pages(prefix === '' ? '' : checkedPrefix(prefix))) {
        for (const { Key, Size, LastModified } of page.Contents ?? []) {
          yield { key: Key!, sizeBytes: Size!, modified: LastModified! };
        }
      }
    },

    async presignPut(key, { contentType, sizeBytes, sha256, expiresInSeconds }) {
      const signedAt = clock.now();
      const headers = {
        'content-type': contentType,
        'x-amz-content-sha256': sha256,
        'x-amz-meta-sha256': sha256,
        ...(encryption && { 'x-amz-server-side-encryption': encryption }),
      };
      const url = await presignS3(presignTarget, {
        method: 'PUT',
        key: checkedKey(key),
        headers: { ...headers, 'content-length': String(sizeBytes) },
        query: {},
        signedAt,
        expiresInSeconds,
      });
      return { method: 'PUT', url, headers, expiresAt: new Date(signedAt.getTime() + expiresInSeconds * 1000) };
    },

    presignGet: (key, { expiresInSeconds, fileName }) =>
      presignS3(presignTarget, {
        method: 'GET',
        key: checkedKey(key),
        headers: {},
        query: fileName === undefined ? {} : { 'response-content-disposition': contentDisposition(fileName) },
        signedAt: clock.now(),
        expiresInSeconds,
      }),

    async check() {
      await explainedS3(() => client.send(new HeadBucketCommand({ Bucket })));
    },

    async [Symbol.asyncDispose]() {
      client.destroy();
    },
  };

  async function* pages(prefix: string) {
    const found = paginateListObjectsV2({ client }, { Bucket, Prefix: prefix })[Symbol.asyncIterator]();
    for (;;) {
      const page = await explainedS3(() => found.next());
      if (page.done) return;
      yield page.value;
    }
  }

  return store;
}

async function ensureBucket(client: S3Client, bucket: string): Promise<void> {
  await explainedS3(async () => {
    try {
      await client.send(new HeadBucketCommand({ Bucket: bucket }));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await client.send(new CreateBucketCommand({ Bucket: bucket })).catch(ignoreExisting);
    }
  });
}

// Two processes may find the bucket missing at the same time.
function ignoreExisting(error: unknown): void {
  const name = error instanceof Error ? error.name : '';
  if (name !== 'BucketAlreadyOwnedByYou' && name !== 'BucketAlreadyExists') throw error;
}

async function allowOrigins(client: S3Client, bucket: string, origins: readonly string[]): Promise<void> {
  const rule = {
    AllowedOrigins: [...origins],
    AllowedMethods: ['GET', 'PUT'],
    AllowedHeaders: ['*'],
    MaxAgeSeconds: CORS_MAX_AGE_SECONDS,
  };
  await explainedS3(() =>
    client.send(new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration: { CORSRules: [rule] } })),
  );
}
