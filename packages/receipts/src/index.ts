export * from './consent-record.ts';
export * from './verify-receipt.ts';
