import { setTimeout as delay } from 'node:timers/promises';
import { type DescMessage, equals, type MessageShape } from '@bufbuild/protobuf';
import type { HandlerContext } from '@connectrpc/connect';
import { DomainError, ErrorReason, stoppingSignal } from '@irisvue/runtime';

const POLL_MS = 250;

/** Gives a message as it stands, then at each change, until `isEnd`, or until the caller or the service stops. */
export async function* watchUntil<Desc extends DescMessage>(
  schema: Desc,
  o: {
    readonly look: () => Promise<MessageShape<Desc>>;
    readonly isEnd: (message: MessageShape<Desc>) => boolean;
    readonly context: HandlerContext;
  },
): AsyncGenerator<MessageShape<Desc>> {
  const stopping = stoppingSignal(o.context);
  const signal = AbortSignal.any([o.context.signal, stopping]);
  let told: MessageShape<Desc> | undefined;
  while (!signal.aborted) {
    const seen = await o.look();
    if (told === undefined || !equals(schema, told, seen)) yield seen;
    told = seen;
    if (o.isEnd(seen)) return;
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined); // aborted: the loop's condition ends it
  }
  if (stopping.aborted) {
    const metadata = { dependency: 'consent' };
    throw new DomainError(ErrorReason.DEPENDENCY_DOWN, 'the service stops; watch again', metadata);
  }
}
