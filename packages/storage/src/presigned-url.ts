import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a presigned request to the objects server may do. */
export type Grant =
  | {
      readonly method: 'PUT';
      readonly key: string;
      readonly expires: number;
      readonly contentType: string;
      readonly sizeBytes: number;
      readonly sha256: string;
    }
  | { readonly method: 'GET'; readonly key: string; readonly expires: number; readonly fileName?: string };

/** Path under which the objects server has its objects. */
export const OBJECTS_PATH = '/objects/';

/** The URL that carries a grant: key in the path, the rest and an HMAC-SHA256 over all of it in the query. */
export function signUrl(endpoint: string, secret: string, grant: Grant): string {
  const url = new URL(`${OBJECTS_PATH}${grant.key}`, endpoint);
  url.searchParams.set('expires', String(grant.expires));
  if (grant.method === 'PUT') {
    url.searchParams.set('type', grant.contentType);
    url.searchParams.set('size', String(grant.sizeBytes));
    url.searchParams.set('sha256', grant.sha256);
  } else if (grant.fileName !== undefined) {
    url.searchParams.set('name', grant.fileName);
  }
  url.searchParams.set('signature', signature(secret, grant).toString('base64url'));
  return url.href;
}

/** Reads the grant of a request; undefined when the signature is missing or not ours, or its time (epoch seconds) is up. */
export function verifiedGrant(secret: string, method: 'GET' | 'PUT', url: URL, now: Date): Grant | undefined {
  const grant = readGrant(method, url);
  const given = Buffer.from(url.searchParams.get('signature') ?? '', 'base64url');
  const expected = signature(secret, grant);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  return now.getTime() < grant.expires * 1000 ? grant : undefined;
}

function readGrant(method: 'GET' | 'PUT', url: URL): Grant {
  const query = url.searchParams;
  const key = url.pathname.slice(OBJECTS_PATH.length);
  const expires = Number(query.get('expires'));
  switch (method) {
    case 'GET':
      return { method, key, expires, fileName: query.get('name') ?? undefined };
    case 'PUT':
      return {
        method,
        key,
        expires,
        contentType: query.get('type') ?? '',
        sizeBytes: Number(query.get('size')),
        sha256: query.get('sha256') ?? '',
      };
    default:
      return method satisfies never;
  }
}

/** JSON keeps the fields apart: no two grants have the same text. */
function signature(secret: string, grant: Grant): Buffer {
  const fields =
    grant.method === 'PUT'
      ? [grant.method, grant.key, grant.expires, grant.contentType, grant.sizeBytes, grant.sha256]
      : [grant.method, grant.key, grant.expires, grant.fileName ?? null];
  return createHmac('sha256', secret).update(JSON.stringify(fields)).digest();
}
