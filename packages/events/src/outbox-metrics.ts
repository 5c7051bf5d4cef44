import { gauges } from '@irisvue/runtime';
import { type Kysely, sql } from 'kysely';
import type { WithOutbox } from './outbox.ts';

/** Measures how far the stream is behind an outbox: events that wait to be published, and the age of the oldest. */
export function outboxMetrics(db: Kysely<WithOutbox>): Disposable {
  return gauges(
    {
      irisvue_outbox_events: 'Events that wait in the outbox.',
      irisvue_outbox_oldest_seconds: 'Age of the oldest event in the outbox, in seconds; 0 when it is empty.',
    },
    async () => {
      const { pending, oldest } = await db
        .selectFrom('outbox')
        .select(({ fn }) => [
          fn.countAll<number>().as('pending'),
          sql<number>`coalesce(extract(epoch from now() - min(create_time)), 0)::float8`.as('oldest'),
        ])
        .executeTakeFirstOrThrow();
      return [
        { name: 'irisvue_outbox_events', labels: {}, value: Number(pending) },
        { name: 'irisvue_outbox_oldest_seconds', labels: {}, value: Math.max(oldest, 0) },
      ];
    },
  );
}
