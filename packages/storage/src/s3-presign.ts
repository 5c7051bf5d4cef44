import type { S3Client } from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';

export interface S3Request {
  readonly method: 'GET' | 'PUT';
  readonly key: string;
  /** Sent by the client as they are, all signed. Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly signedAt: Date;
  readonly expiresInSeconds: number;
}

const BODY_HASH = 'x-amz-content-sha256';

/**
 * Presigns a path-style S3 request (SigV4 in the query). The SDK's own presigner leaves the body's hash out of the
 * signature; here an `x-amz-content-sha256` header is signed like any other, and the store then refuses a body with
 * another hash.
 */
export async function presignS3(
  o: { readonly client: S3Client; readonly endpoint: string; readonly region: string; readonly bucket: string },
  request: S3Request,
): Promise<string> {
  const endpoint = new URL(o.endpoint);
  const signer = new SignatureV4({
    service: 's3',
    region: o.region,
    credentials: o.client.config.credentials,
    sha256: o.client.config.sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const signed = await signer.presign(
    {
      method: request.method,
      protocol: endpoint.protocol,
      hostname: endpoint.hostname,
      port: endpoint.port === '' ? undefined : Number(endpoint.port),
      path: `/${o.bucket}/${request.key}`,
      query: { ...request.query },
      // Read by the signer for the hash of the body; when it is not among the client's headers it is not sent.
      headers: { host: endpoint.host, [BODY_HASH]: 'UNSIGNED-PAYLOAD', ...request.headers },
    },
    {
      expiresIn: request.expiresInSeconds,
      signingDate: request.signedAt,
      unhoistableHeaders: new Set([BODY_HASH, ...Object.keys(request.headers)]),
      unsignableHeaders: new Set(BODY_HASH in request.headers ? [] : [BODY_HASH]),
      signableHeaders: new Set(['content-type']),
    },
  );
  const url = new URL(`${endpoint.origin}${signed.path}`);
  for (const [name, value] of Object.entries(signed.query ?? {})) url.searchParams.set(name, String(value));
  // SigV4 signs %20 for a space, a form-encoded query has "+".
  url.search = url.searchParams.toString().replaceAll('+', '%20');
  return url.href;
}
