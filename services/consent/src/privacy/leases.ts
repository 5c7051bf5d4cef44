import { type Selectable, sql } from 'kysely';
import type { ErasuresTable, ExportsTable, PrivacyDb } from './schema.ts';

interface Leased {
  erasures: ErasuresTable;
  exports: ExportsTable;
}

/** Jobs of one table, each in one hand at a time. Times are the database's, so that workers need not agree on theirs. */
export interface Leases<Row> {
  /** Takes one job that is due and that no living worker has; undefined when there is none. */
  claim(worker: string, leaseMs: number): Promise<Row | undefined>;
  /** Prolongs a lease; false when another worker has it by now, or nobody may. */
  renew(id: string, worker: string, leaseMs: number): Promise<boolean>;
  /** Gives a job back, to be taken up after `delayMs`; `waitingFor` tells what it waits for. */
  handBack(
    id: string,
    worker: string,
    o: { readonly delayMs: number; readonly waitingFor: string; readonly failed: boolean },
  ): Promise<void>;
}

/** The leases of a table; `open` are the states in which there is work. */
export function leasesOf<Table extends keyof Leased>(
  db: PrivacyDb,
  table: Table,
  open: ReadonlyArray<Leased[Table]['state']>,
): Leases<Selectable<Leased[Table]>> {
  const jobs = sql.table(table);
  return {
    async claim(worker, leaseMs) {
      const { rows } = await sql<Selectable<Leased[Table]>>`
        UPDATE ${jobs} SET leased_by = ${worker}, leased_until = ${leaseEnd(leaseMs)}
        WHERE id = (
          SELECT id FROM ${jobs}
          WHERE state = ANY(${open}) AND next_try_at <= now() AND (leased_until IS NULL OR leased_until < now())
          ORDER BY next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING *`.execute(db);
      return rows[0];
    },
    async renew(id, worker, leaseMs) {
      const { numAffectedRows } = await sql`
        UPDATE ${jobs} SET leased_until = ${leaseEnd(leaseMs)} WHERE id = ${id} AND leased_by = ${worker}`.execute(db);
      return numAffectedRows === 1n;
    },
    async handBack(id, worker, { delayMs, waitingFor, failed }) {
      await sql`
        UPDATE ${jobs} SET leased_by = NULL, leased_until = NULL, waiting_for = ${waitingFor},
          failures = CASE WHEN ${failed} THEN failures + 1 ELSE 0 END,
          next_try_at = now() + ${delayMs} * interval '1 ms'
        WHERE id = ${id} AND leased_by = ${worker}`.execute(db);
    },
  };
}

const leaseEnd = (leaseMs: number) => sql<Date>`now() + ${leaseMs} * interval '1 ms'`;
