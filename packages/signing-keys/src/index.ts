export { jwksEndpoint } from './jwks-endpoint.ts';
export type { KeyPolicy } from './key-rotation.ts';
export { type SigningKeysTables, signingKeysTable } from './signing-key-store.ts';
export {
  openSigningKeys,
  type SignedDocument,
  type SignedToken,
  type SigningKeys,
  SigningKeysUnreadable,
} from './signing-keys.ts';
