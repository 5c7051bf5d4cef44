import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';

/**
 * The payload of a document, a JWS in compact form (RFC 7515) with EdDSA, when one of the keys signed it. Reads it with
 * Node.js alone, as somebody outside the mesh would. Throws an Error otherwise.
 */
export function verifyDocument(jws: string, keys: { readonly keys: readonly object[] }): unknown {
  const [head, payload, signature] = jws.trim().split('.') as [string, string, string];
  const { kid, alg } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string; alg: string };
  const key = (keys.keys as (JsonWebKey & { kid?: string })[]).find((each) => each.kid === kid);
  if (alg !== 'EdDSA' || key === undefined) throw new Error('no key of the set signed it');
  const signed = Buffer.from(`${head}.${payload}`);
  const isGenuine = verify(null, signed, createPublicKey({ key, format: 'jwk' }), Buffer.from(signature, 'base64url'));
  if (!isGenuine) throw new Error('the signature does not fit');
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}
