import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

// AES-256-GCM, NIST SP 800-38D: 96-bit nonce drawn at random for each seal, 128-bit tag.
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_PURPOSE = 'irisvue/signing-keys/v1/';

/** Derives one service's sealing key from the operator's secret: HKDF-SHA256, RFC 5869. */
export function sealingKey(secret: string, service: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', KEY_PURPOSE + service, KEY_BYTES));
}

/** Encrypts `plain` as nonce ‖ ciphertext ‖ tag. It opens only for the same `owner`, so that rows cannot be swapped. */
export function seal(key: Buffer, owner: string, plain: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(owner));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Decrypts what seal() made. Throws when the key or the owner is another, or a bit was changed. */
export function unseal(key: Buffer, owner: string, sealed: Uint8Array): Buffer {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const tag = sealed.subarray(sealed.length - TAG_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(owner))
    .setAuthTag(tag);
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES)), decipher.final()]);
}
