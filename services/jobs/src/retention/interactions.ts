import type { Interceptor } from '@connectrpc/connect';
import type { Database } from '@irisvue/database';
import { type Clock, callerOfContext, type Logger } from '@irisvue/runtime';
import { sql } from 'kysely';
import { holderOf, unlessBlocked } from '../lineage/tombstones.ts';
import type { JobsDatabase } from '../schema.ts';

/** Terms are months long: an interaction is noted once in so many milliseconds. */
const NOTED_EVERY_MS = 24 * 3_600_000;
/** Users that a process remembers; a forgotten one is only noted again. */
const MOST_REMEMBERED = 10_000;

/** Notes that a user did something. Of somebody who is erased nothing is noted. */
export async function noteInteraction(db: Database<JobsDatabase>, userId: string, at: Date): Promise<void> {
  await unlessBlocked(db, [holderOf(userId)], async (trx) => {
    await trx
      .insertInto('interactions')
      .values({ user_id: userId, last_at: at })
      .onConflict((conflict) =>
        conflict.column('user_id').doUpdateSet({ last_at: sql`greatest(interactions.last_at, excluded.last_at)` }),
      )
      .execute();
  });
}

/** Notes of each user who calls that they did, about once a day. A call never fails for it. */
export function noteInteractions(o: {
  readonly db: Database<JobsDatabase>;
  readonly clock: Clock;
  readonly logger: Logger;
}): Interceptor {
  const notedAt = new Map<string, number>();
  return (next) => async (request) => {
    const caller = callerOfContext({ values: request.contextValues });
    const now = o.clock.now();
    if (caller?.kind === 'user' && now.getTime() - (notedAt.get(caller.userId) ?? 0) >= NOTED_EVERY_MS) {
      if (notedAt.size >= MOST_REMEMBERED) notedAt.clear();
      notedAt.set(caller.userId, now.getTime());
      await noteInteraction(o.db, caller.userId, now).catch((error: unknown) => {
        notedAt.delete(caller.userId);
        o.logger.warn({ err: error }, 'an interaction was not noted');
      });
    }
    return await next(request);
  };
}
