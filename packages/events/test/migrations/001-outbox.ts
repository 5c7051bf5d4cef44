import { outboxTable } from '@irisvue/events';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await outboxTable(db);
}
