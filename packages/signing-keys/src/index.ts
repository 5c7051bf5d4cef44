export { jwksEndpoint } from './jwks-endpoint.ts';
export type { KeyPolicy } from './key-rotation.ts';
export { createSignedLinks, linkInvalid, type SignedLinks } from './signed-links.ts';
export { type SigningKeysTables, signingKeysTable } from './signing-key-store.ts';
export {
  openSigningKeys,
  type SignedDocument,
  type SignedToken,
  type SigningKeys,
  SigningKeysUnreadable,
} from './signing-keys.ts';
