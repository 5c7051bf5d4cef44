import { type Kysely, sql } from 'kysely';

/** Where a text was found: a table, and in how many of its rows. */
export interface TextFinding {
  readonly table: string;
  readonly count: number;
}

/**
 * Looks for a text, for example an id, in every row of every table, in whatever column: as it is, and as the bytes of its
 * UTF-8 form. The tables come from the database's own catalogue, so none is forgotten; those in `except` are left out.
 * Reads everything: for a check now and then.
 */
export async function findText<DB>(
  db: Kysely<DB>,
  text: string,
  o: { readonly except?: readonly string[] } = {},
): Promise<{ readonly findings: TextFinding[]; readonly lookedAt: string[] }> {
  const { rows } = await sql<{ name: string }>`
    SELECT relname AS name FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') ORDER BY relname`.execute(db);
  const lookedAt = rows.map((row) => row.name).filter((name) => !o.except?.includes(name));
  const hex = Buffer.from(text).toString('hex');
  const findings: TextFinding[] = [];
  for (const table of lookedAt) {
    const found = await sql<{ count: number }>`
      SELECT count(*) AS count FROM ${sql.table(table)} AS r
      WHERE strpos(r::text, ${text}) > 0 OR strpos(r::text, ${hex}) > 0`.execute(db);
    const { count } = found.rows[0]!;
    if (count > 0) findings.push({ table, count });
  }
  return { findings, lookedAt };
}
