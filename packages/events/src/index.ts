export * from './connect-events.ts';
export * from './consume-events.ts';
export { type DeadLetter, listDeadLetters, replayDeadLetter } from './dead-letters.ts';
export * from './ended-sessions.ts';
export { appendEvent, appendEvents, countPendingEvents, type OutboxTable, outboxTable } from './outbox.ts';
export * from './purge-text.ts';
export { type Audited, recordAudit } from './record-audit.ts';
export * from './relay-outbox.ts';
