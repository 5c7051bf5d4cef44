import { counter, gauges } from '@irisvue/runtime';
import type { EventBus } from './connect-events.ts';
import { EVENTS_STREAM } from './streams.ts';

/** What a consumer tells of its events. */
export interface ConsumerMetrics extends Disposable {
  /** An event was handled, is to be delivered again, or was given up. */
  settled(event: string, outcome: 'done' | 'retried' | 'dead'): void;
}

/** Measures a durable consumer: how many events it has still to see, how many it holds, and how they end. */
export function consumerMetrics(bus: EventBus, durable: string): ConsumerMetrics {
  const events = counter('irisvue_events_total', 'Deliveries of events, by how they ended.');
  const lag = gauges(
    {
      irisvue_consumer_pending: 'Events that a consumer has not seen yet.',
      irisvue_consumer_unacknowledged: 'Events that a consumer has and has not done.',
    },
    async () => {
      const { num_pending: pending, num_ack_pending: held } = await bus.manager.consumers.info(EVENTS_STREAM, durable);
      return [
        { name: 'irisvue_consumer_pending', labels: { durable }, value: pending },
        { name: 'irisvue_consumer_unacknowledged', labels: { durable }, value: held },
      ];
    },
  );
  return {
    settled: (event, outcome) => events({ durable, event, outcome }),
    [Symbol.dispose]: () => lag[Symbol.dispose](),
  };
}
