import { requestsTable } from '@irisvue/database';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<never>): Promise<void> {
  await requestsTable(db);
  await db.schema
    .createTable('rows')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('amount', 'bigint')
    .execute();
}
