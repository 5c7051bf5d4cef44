import { promises as fs } from 'node:fs';
import path from 'node:path';
import { FileMigrationProvider, Migrator } from 'kysely/migration';
import type { Database } from './open-database.ts';

/**
 * Brings the database to the newest schema: runs every file of `folder` (absolute path; `0001-name.ts` exporting `up`)
 * that has not run yet, in order of name, each within the one transaction of the whole run. Forward only. Two processes
 * may call it at once: an advisory lock lets one work and the other find nothing left.
 *
 * Gives the names that ran. Throws the error of the migration that failed; nothing of the run is kept then.
 */
export async function migrate<DB>(db: Database<DB>, folder: string): Promise<string[]> {
  const migrator = new Migrator({ db, provider: new FileMigrationProvider({ fs, path, migrationFolder: folder }) });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
  return results.map((result) => result.migrationName);
}
