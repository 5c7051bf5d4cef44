import { type Database, findText } from '@irisvue/database';
import { type ObjectStore, TOP_PREFIXES } from '@irisvue/storage';
import { sql } from 'kysely';
import type { SubjectRow } from '../job-store.ts';
import type { JobsDatabase } from '../schema.ts';
import { orphans } from './orphans.ts';

/** A place that holds something of the subject. */
export interface Finding {
  readonly place: string;
  readonly count: number;
}

/** What a scan looked at and found. */
export interface Scan {
  readonly findings: readonly Finding[];
  readonly lookedAt: readonly string[];
}

/**
 * Looks for a subject in every table of this database and every object of the store. Tables come from the database's own
 * catalogue: one that is added tomorrow is looked at tomorrow. An id that stands for one person, a holder's or a minor's,
 * is looked for in every column, also within JSON, texts and bytes; the other kinds share the id of their uploader, so
 * they are looked for where the kind is named beside it.
 */
export async function scanSubject(
  o: { readonly db: Database<JobsDatabase>; readonly store: ObjectStore },
  subject: SubjectRow,
): Promise<Scan> {
  const places = new Map<string, number>();
  const add = (place: string, count = 1) => places.set(place, (places.get(place) ?? 0) + count);
  const tables = hasOwnId(subject) ? await findText(o.db, subject.subject_id) : await findNamed(o.db, subject);
  for (const table of tables.lookedAt) add(`jobs.${table}`, 0);
  for (const { table, count } of tables.findings) add(`jobs.${table}`, count);
  for (const prefix of TOP_PREFIXES) add(`objects:${prefix}`, 0);
  if (hasOwnId(subject)) {
    for await (const { key } of o.store.list('')) if (key.includes(subject.subject_id)) add(folderOf(key));
  }
  add('objects without a row', 0);
  for await (const _key of orphans(o)) add('objects without a row');
  const findings = [...places].flatMap(([place, count]) => (count > 0 ? [{ place, count }] : []));
  return { findings, lookedAt: [...places.keys()] };
}

/** Whether the id stands for this subject alone; the other kinds share that of their uploader. */
export function hasOwnId(subject: SubjectRow): boolean {
  return subject.subject_kind === 'self' || subject.subject_kind === 'minor';
}

function folderOf(key: string): string {
  return `objects:${key.slice(0, key.indexOf('/') + 1)}`;
}

/** Looks in every table that names subjects with their kinds. */
async function findNamed(db: Database<JobsDatabase>, subject: SubjectRow) {
  const { rows } = await sql<{ name: string }>`
    SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
      AND a.attname IN ('subject_id', 'subject_kind')
    GROUP BY c.relname HAVING count(*) = 2 ORDER BY c.relname`.execute(db);
  const findings: Array<{ readonly table: string; readonly count: number }> = [];
  for (const { name: table } of rows) {
    const found = await sql<{ count: number }>`
      SELECT count(*) AS count FROM ${sql.table(table)}
      WHERE subject_id = ${subject.subject_id}::uuid AND subject_kind = ${subject.subject_kind}`.execute(db);
    const { count } = found.rows[0]!;
    if (count > 0) findings.push({ table, count });
  }
  return { findings, lookedAt: rows.map((row) => row.name) };
}
