import { createHash, randomBytes } from 'node:crypto';
import { DomainError, ErrorReason } from '@irisvue/runtime';

const TOKEN_BYTES = 32;

/** A token that travels to one person, and the only thing of it that is stored. */
export interface SecretToken {
  /** 256 random bits, base64url. */
  readonly token: string;
  readonly sha256: Buffer;
}

export function newSecretToken(): SecretToken {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  return { token, sha256: tokenDigest(token) };
}

/** What a token is found by. It has 256 random bits, so a plain hash is enough: there is nothing to guess. */
export function tokenDigest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** The one answer to a token that is unknown, expired, used, or of no use any more. */
export function linkInvalid(): DomainError {
  return new DomainError(ErrorReason.LINK_INVALID, 'the link does not work (any more)', { problem: 'invalid' });
}
