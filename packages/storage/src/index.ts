export * from './content-disposition.ts';
export * from './keys.ts';
export { BodyMismatch, InvalidKey, ObjectCorrupt, ObjectNotFound, ObjectTooLarge } from './object-errors.ts';
export * from './object-store.ts';
export * from './objects-server.ts';
export * from './open-store.ts';
