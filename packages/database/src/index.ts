export { explainConnectionError, isConnectionError } from './connection-errors.ts';
export * from './ensure-database.ts';
export * from './find-text.ts';
export * from './migrate.ts';
export * from './new-id.ts';
export * from './notifications.ts';
export * from './open-database.ts';
export * from './request-key.ts';
export * from './requests.ts';
