import { randomBytes } from 'node:crypto';
import { DomainError, ErrorReason } from '@irisvue/runtime';
import type { JurisdictionName } from './consent-enums.ts';
import { sha256 } from './versioned-text.ts';

/**
 * A typed name as an electronic signature (740 ILCS 14/10 as amended 2024). The event keeps the digest, which binds the
 * name to the notice's hash; name and salt lie beside it and can be removed, after which the digest tells nothing.
 */
export interface Signature {
  readonly name: string;
  /** 256 random bits, hexadecimal. */
  readonly salt: string;
  readonly digest: string;
}

const SALT_BYTES = 32;

/** Signs the notice with a typed name. SIGNATURE_REQUIRED {jurisdiction} when it is blank. */
export function sign(name: string, noticeSha256: string, jurisdiction: JurisdictionName): Signature {
  const typed = name.normalize('NFC').trim();
  if (typed === '') {
    throw new DomainError(ErrorReason.SIGNATURE_REQUIRED, 'sign the notice with your name', { jurisdiction });
  }
  const salt = randomBytes(SALT_BYTES).toString('hex');
  return { name: typed, salt, digest: signatureDigest({ name: typed, salt, noticeSha256 }) };
}

/** SHA-256 over salt, hash of the notice and name, hexadecimal; the lines keep the three apart. */
export function signatureDigest(o: { readonly name: string; readonly salt: string; readonly noticeSha256: string }) {
  return sha256(`${o.salt}\n${o.noticeSha256}\n${o.name}`);
}
