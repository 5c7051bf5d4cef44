import path from 'node:path';
import { migrate, openDatabase } from '@irisvue/database';
import { createLogger } from '@irisvue/runtime';
import { createTestDatabase } from '@irisvue/testing';
import type { AuditTables } from '../../src/audit/schema.ts';
import type { ConsentTables } from '../../src/schema.ts';

const MIGRATIONS = path.join(import.meta.dirname, '../../migrations');
const logger = createLogger({ service: 'test', level: 'silent' });

/** Consent's database without the service. */
export async function consentDatabase() {
  const database = await createTestDatabase('consent', async (url) => {
    const db = openDatabase<ConsentTables>(url, { logger });
    await migrate(db, MIGRATIONS);
    await db.destroy();
  });
  const db = openDatabase<ConsentTables & AuditTables>(database.url, { logger });
  return {
    db,
    url: database.url,
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await database[Symbol.asyncDispose]();
    },
  };
}
