import { fileURLToPath } from 'node:url';
import type { Clock } from '@irisvue/runtime';
import { z } from 'zod';
import { type DiskStoreOptions, openDiskStore } from './disk-store.ts';
import type { ObjectStore } from './object-store.ts';
import { openS3Store, type S3StoreOptions } from './s3-store.ts';

export interface OpenStoreOptions {
  /** Time that presigned requests are dated by. Default: the machine's. */
  readonly clock?: Clock;
  /** Origins whose pages may upload and download; set on an S3 bucket when given. The objects server has its own list. */
  readonly allowedOrigins?: readonly string[];
}

const MIN_SECRET_LENGTH = 16;

const fileQuery = z
  .strictObject({
    endpoint: z.url({ protocol: /^https?$/ }).optional(),
    secret: z.string().min(MIN_SECRET_LENGTH).optional(),
  })
  .refine((query) => (query.endpoint === undefined) === (query.secret === undefined), {
    message: 'endpoint and secret go together',
  });

const s3Query = z.strictObject({
  region: z.string().min(1).default('us-east-1'),
  tls: z.enum(['true', 'false']).default('true'),
  sse: z.enum(['true', 'false']).default('true'),
  public: z.url({ protocol: /^https?$/ }).optional(),
});

/**
 * Opens the store that `url` names:
 *
 *     file:///absolute/folder?endpoint=http://127.0.0.1:8084&secret=…       a folder, with its objects server
 *     s3://KEY:SECRET@host:port/bucket?region=us-east-1&tls=false           S3 or what speaks it
 *
 * `public` of an S3 URL is the endpoint as clients reach it, where that differs; `sse=false` is for a store that encrypts
 * by itself and refuses to be asked for it. Throws TypeError for a URL that is not one of these (without its secrets in
 * the message), DEPENDENCY_DOWN when an S3 store is out of reach.
 */
export async function openStore(url: string, o: OpenStoreOptions = {}): Promise<ObjectStore> {
  const parsed = parseStoreUrl(url);
  return parsed.kind === 'disk'
    ? openDiskStore({ ...parsed.disk, clock: o.clock })
    : openS3Store({ ...parsed.s3, clock: o.clock, allowedOrigins: o.allowedOrigins });
}

/** What a store URL says. Throws TypeError naming each problem, without the URL's secrets. */
export function parseStoreUrl(
  url: string,
): { readonly kind: 'disk'; readonly disk: DiskStoreOptions } | { readonly kind: 's3'; readonly s3: S3StoreOptions } {
  const parsed = URL.parse(url);
  switch (parsed?.protocol) {
    case 'file:': {
      const query = read(fileQuery, parsed);
      return { kind: 'disk', disk: { directory: fileURLToPath(new URL(parsed.pathname, 'file:///')), ...query } };
    }
    case 's3:': {
      const query = read(s3Query, parsed);
      const bucket = parsed.pathname.slice(1);
      if (
        parsed.username === '' ||
        parsed.password === '' ||
        parsed.host === '' ||
        !/^[a-z0-9.-]{3,63}$/.test(bucket)
      ) {
        throw new TypeError('the store URL must be s3://KEY:SECRET@host:port/bucket');
      }
      return {
        kind: 's3',
        s3: {
          endpoint: `${query.tls === 'true' ? 'https' : 'http'}://${parsed.host}`,
          publicEndpoint: query.public,
          region: query.region,
          bucket,
          accessKeyId: decodeURIComponent(parsed.username),
          secretAccessKey: decodeURIComponent(parsed.password),
          sse: query.sse === 'true',
        },
      };
    }
    default:
      throw new TypeError('the store URL must start with file:// or s3://');
  }
}

function read<T>(schema: z.ZodType<T>, url: URL): T {
  const result = schema.safeParse(Object.fromEntries(url.searchParams));
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`.trim());
  throw new TypeError(`the store URL is malformed: ${problems.join('; ')}`);
}
