import type { Database } from '@irisvue/database';
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

interface Column {
  readonly table: string;
  readonly name: string;
  /** PostgreSQL's name of the type, for example "uuid" or "_uuid" for an array of them. */
  readonly type: string;
}

/**
 * Looks for a subject in every table of this database and every object of the store. Tables and columns come from the
 * database's own catalogue: a table that is added tomorrow is looked at tomorrow. An id that stands for one person, a
 * holder's or a minor's, is looked for in every column that can hold it, also within JSON, texts and bytes; the other
 * kinds share the id of their uploader, so they are looked for where the kind is named beside it.
 */
export async function scanSubject(
  o: { readonly db: Database<JobsDatabase>; readonly store: ObjectStore },
  subject: SubjectRow,
): Promise<Scan> {
  const ownId = subject.subject_kind !== 'synthetic' && subject.subject_kind !== 'evaluation';
  const tables = Map.groupBy(await columnsOf(o.db), (column) => column.table);
  const places = new Map<string, number>();
  for (const [table, columns] of tables) {
    places.set(`jobs.${table}`, await countRows(o.db, table, columns, subject, ownId));
  }
  for (const prefix of TOP_PREFIXES) places.set(`objects:${prefix}`, 0);
  const add = (place: string) => places.set(place, (places.get(place) ?? 0) + 1);
  if (ownId) {
    for await (const { key } of o.store.list('')) if (key.includes(subject.subject_id)) add(placeOf(key));
  }
  places.set('objects without a row', 0);
  for await (const _key of orphans(o)) add('objects without a row');
  const findings = [...places].flatMap(([place, count]) => (count > 0 ? [{ place, count }] : []));
  return { findings, lookedAt: [...places.keys()] };
}

function placeOf(key: string): string {
  return `objects:${key.slice(0, key.indexOf('/') + 1)}`;
}

async function columnsOf(db: Database<JobsDatabase>): Promise<Column[]> {
  const { rows } = await sql<Column>`
    SELECT c.relname AS "table", a.attname AS name, t.typname AS type
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')
    ORDER BY c.relname, a.attnum`.execute(db);
  return rows;
}

async function countRows(
  db: Database<JobsDatabase>,
  table: string,
  columns: readonly Column[],
  subject: SubjectRow,
  ownId: boolean,
): Promise<number> {
  const { subject_id: id, subject_kind: kind } = subject;
  const holds = ownId ? columns.flatMap((column) => holding(column, id)) : [];
  if (['subject_id', 'subject_kind'].every((name) => columns.some((column) => column.name === name))) {
    holds.push(sql<boolean>`(subject_id = ${id}::uuid AND subject_kind = ${kind})`);
  }
  if (holds.length === 0) return 0;
  const { rows } = await sql<{ count: number }>`
    SELECT count(*) AS count FROM ${sql.table(table)} WHERE ${sql.join(holds, sql` OR `)}`.execute(db);
  return rows[0]!.count;
}

/** The test of a column that can hold the id. */
function holding({ name, type }: Column, id: string) {
  const column = sql.ref(name);
  switch (type) {
    case 'uuid':
      return [sql<boolean>`${column} = ${id}::uuid`];
    case '_uuid':
      return [sql<boolean>`${id}::uuid = ANY(${column})`];
    case 'bytea':
      return [sql<boolean>`position(convert_to(${id}, 'UTF8') in ${column}) > 0`];
    case 'text':
    case 'varchar':
    case 'json':
    case 'jsonb':
    case '_text':
      return [sql<boolean>`position(${id} in ${column}::text) > 0`];
    default:
      return []; // numbers, times and flags hold no id
  }
}
