import { AckPolicy, DeliverPolicy, type JetStreamManager } from '@nats-io/jetstream';
import { nanos } from '@nats-io/nats-core';
import { isConsumerMissing } from './jetstream-errors.ts';
import { EVENTS_STREAM } from './streams.ts';

/**
 * Makes a durable consumer of the events, or brings it to these settings. A new one begins with the oldest event that
 * the stream still has. Deliveries are not bounded on the server: it would keep a message that ran out of them without
 * a word, whereas a consumer that counts for itself puts it among the dead letters.
 */
export async function ensureDurable(
  manager: JetStreamManager,
  durable: string,
  subjects: readonly string[],
  ackWaitMs: number,
): Promise<void> {
  const settings = { filter_subject: commonSubject(subjects), ack_wait: nanos(ackWaitMs) };
  try {
    const { config } = await manager.consumers.info(EVENTS_STREAM, durable);
    if (config.filter_subject !== settings.filter_subject || config.ack_wait !== settings.ack_wait) {
      await manager.consumers.update(EVENTS_STREAM, durable, settings);
    }
  } catch (error) {
    if (!isConsumerMissing(error)) throw error;
    await manager.consumers.add(EVENTS_STREAM, {
      ...settings,
      durable_name: durable,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      max_deliver: -1,
    });
  }
}

/**
 * The narrowest subject that covers all `subjects`. A consumer has one filter (several need a newer server than
 * 2.9), so types under it without a handler are passed over by the client.
 */
export function commonSubject(subjects: readonly string[]): string {
  const [first, ...others] = subjects.map((subject) => subject.split('.'));
  if (first === undefined) throw new TypeError('a consumer needs at least one handler');
  const differs = first.findIndex((token, at) => others.some((other) => other[at] !== token));
  return differs === -1 ? first.join('.') : [...first.slice(0, differs), '>'].join('.');
}
