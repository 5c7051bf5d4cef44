import { createHash } from 'node:crypto';
import { DomainError, ErrorReason } from '@irisvue/runtime';
import { type Kysely, sql, type Transaction } from 'kysely';

/** A request that was carried out, so that its repeat gives the same answer. */
export interface RequestsTable {
  /** Who asked: a user id, or another name of the caller where there is no user yet. */
  user_id: string;
  request_id: string;
  /** Full name of the RPC. */
  method: string;
  /** SHA-256 of the request message. */
  request_sha256: Buffer;
  /** What the request made. */
  resource_id: string;
  create_time: Date;
}

export interface RequestKey {
  readonly userId: string;
  /** UUID chosen by the client. */
  readonly requestId: string;
  /** Full name of the RPC, for example `irisvue.jobs.v1.JobService/CreateJobs`. */
  readonly method: string;
  /** The request message in Protobuf binary form. */
  readonly request: Uint8Array;
}

interface WithRequests {
  requests: RequestsTable;
}

/** Part of an up-migration: creates the table that `once` needs. */
export async function requestsTable(db: Kysely<never> | Kysely<unknown>): Promise<void> {
  await (db as Kysely<unknown>).schema
    .createTable('requests')
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('request_id', 'uuid', (column) => column.notNull())
    .addColumn('method', 'text', (column) => column.notNull())
    .addColumn('request_sha256', 'bytea', (column) => column.notNull())
    .addColumn('resource_id', 'text', (column) => column.notNull())
    .addColumn('create_time', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
    .addPrimaryKeyConstraint('requests_pkey', ['user_id', 'request_id'])
    .execute();
  await (db as Kysely<unknown>).schema
    .createIndex('requests_create_time')
    .on('requests')
    .column('create_time')
    .execute();
}

/**
 * Carries out `make` once per (userId, requestId) and gives the id of what it made; a repeat gives the same id with
 * `fresh: false` and makes nothing. Calls at the same time wait for the first one's transaction: when that commits they
 * get its answer, when it rolls back the next one makes. Must run in the transaction that `make` writes in, at the
 * default isolation level (read committed), before anything that must not happen twice.
 *
 * Throws REQUEST_ID_REUSED {request_id} when the id came before with another method or another request.
 */
export async function once<DB>(
  trx: Transaction<DB>,
  key: RequestKey,
  make: () => Promise<string>,
): Promise<{ id: string; fresh: boolean }> {
  const requests = trx as unknown as Transaction<WithRequests>;
  // The row goes in first: its unique key is the lock that makes a second call with the same id wait here.
  const inserted = await requests
    .insertInto('requests')
    .values({
      user_id: key.userId,
      request_id: key.requestId,
      method: key.method,
      request_sha256: requestDigest(key),
      resource_id: '',
      create_time: sql<Date>`now()`,
    })
    .onConflict((conflict) => conflict.columns(['user_id', 'request_id']).doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows === 1n) {
    const id = await make();
    await requests
      .updateTable('requests')
      .set({ resource_id: id })
      .where('user_id', '=', key.userId)
      .where('request_id', '=', key.requestId)
      .execute();
    return { id, fresh: true };
  }
  const known = await requestBefore(trx, key);
  if (known === undefined) throw new Error('a request vanished while it was asked for');
  return { id: known, fresh: false };
}

/**
 * What a request made when it came before, or undefined when it is new: for whoever has work to do outside of the
 * transaction in which once() then decides. Throws REQUEST_ID_REUSED {request_id} as once() does.
 */
export async function requestBefore<DB>(db: Kysely<DB>, key: RequestKey): Promise<string | undefined> {
  const known = await (db as unknown as Kysely<WithRequests>)
    .selectFrom('requests')
    .select(['method', 'request_sha256', 'resource_id'])
    .where('user_id', '=', key.userId)
    .where('request_id', '=', key.requestId)
    .executeTakeFirst();
  if (known === undefined) return undefined;
  if (known.method !== key.method || !known.request_sha256.equals(requestDigest(key))) {
    throw new DomainError(ErrorReason.REQUEST_ID_REUSED, 'this request_id came with another request', {
      request_id: key.requestId,
    });
  }
  return known.resource_id;
}

function requestDigest(key: RequestKey): Buffer {
  return createHash('sha256').update(key.request).digest();
}

/** Forgets requests older than `before`, after which their ids would count as new; gives how many. */
export async function forgetRequests<DB>(db: Kysely<DB>, before: Date): Promise<number> {
  const deleted = await (db as unknown as Kysely<WithRequests>)
    .deleteFrom('requests')
    .where('create_time', '<', before)
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}
