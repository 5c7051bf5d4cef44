import { resolve } from 'node:path';
import { createLogger, loadSettings, setting } from '@irisvue/runtime';
import { z } from 'zod';
import { ensureDatabase } from './ensure-database.ts';
import { migrate } from './migrate.ts';
import { openDatabase } from './open-database.ts';

// node packages/database/src/migrate-main.ts FOLDER: makes the database that IRISVUE_DATABASE_URL names where it is
// missing, brings it to the newest schema and ends. For a deployment that does so before its services start.
const settings = {
  databaseUrl: setting('IRISVUE_DATABASE_URL', z.string().min(1), { secret: true, doc: 'PostgreSQL database.' }),
};

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: migrate-main.ts FOLDER');
const { databaseUrl } = loadSettings(settings);
const logger = createLogger({ service: 'migrations', level: 'info' });
await ensureDatabase(databaseUrl);
await using db = openDatabase(databaseUrl, { logger });
logger.info({ folder, applied: await migrate(db, resolve(folder)) }, 'the schema is the newest');
