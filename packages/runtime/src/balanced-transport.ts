import type { Transport } from '@connectrpc/connect';
import { ErrorReason, reasonOf } from './errors.ts';
import type { Replica } from './replica.ts';
import type { Replicas } from './replicas.ts';

/**
 * Calls the replica with the fewest calls in flight, of several such ones the next in turn. One that cannot be connected
 * to gets no call until it can; when nobody can, the names are looked up again first. A call that a replica refuses with
 * NO_FREE_SLOT goes to the next one; the refusal counts when each has refused. Nothing else is sent twice.
 */
export function balancedTransport(replicas: Replicas): Transport {
  let turn = 0;

  /** Gives the next replica for a call that `tried` have refused already; undefined when there is none. */
  async function pick(tried: ReadonlySet<Replica>, signal: AbortSignal | undefined): Promise<Reserved | undefined> {
    const all = await replicas.current();
    for (const replica of all) if (replica.isDown) replica.probe();
    const unreachable = new Set<Replica>();
    for (;;) {
      const left = all.filter((one) => !tried.has(one) && !unreachable.has(one) && !one.isDown);
      const replica = leastLoaded(left, turn++);
      if (replica === undefined) break;
      const taken = reserved(replica);
      if (await replica.connect(signal)) return taken;
      taken[Symbol.dispose]();
      unreachable.add(replica);
      replicas.lookAgain();
    }
    if (tried.size > 0) return undefined; // who answered has refused, and that is the answer
    // The call itself connects then, within its own deadline, and says what is wrong.
    const replica = leastLoaded(await replicas.lookAgain(), turn++);
    return replica && reserved(replica);
  }

  /** Lets replicas attempt a call, one after the other, until one does not refuse it. Throws the last refusal. */
  async function attempt<T>(
    tried: Set<Replica>,
    signal: AbortSignal | undefined,
    call: (transport: Transport) => Promise<T>,
    refusal?: unknown,
  ): Promise<T> {
    const taken = await pick(tried, signal);
    if (taken === undefined) throw refusal;
    tried.add(taken.replica);
    try {
      const answer = call(taken.replica.transport);
      taken[Symbol.dispose](); // from here on the call counts itself
      return await answer;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return await attempt(tried, signal, call, error);
    }
  }

  return {
    unary: (method, signal, ...rest) =>
      attempt(new Set(), signal, (transport) => transport.unary(method, signal, ...rest)),
    async stream(method, signal, timeoutMs, header, input, values) {
      const tried = new Set<Replica>();
      if (method.methodKind !== 'server_streaming') {
        // Its input can be read only once, so it is not sent again.
        using taken = (await pick(tried, signal))!;
        return await taken.replica.transport.stream(method, signal, timeoutMs, header, input, values);
      }
      const messages = await Array.fromAsync(input); // one
      const begin = (refusal?: unknown) =>
        attempt(
          tried,
          signal,
          (transport) => transport.stream(method, signal, timeoutMs, header, inTurn(messages), values),
          refusal,
        );
      const response = await begin();
      return { ...response, message: untilAccepted(response.message, async (no) => (await begin(no)).message) };
    },
  };
}

type Reserved = Disposable & { readonly replica: Replica };

function reserved(replica: Replica): Reserved {
  return { ...replica.reserve(), replica };
}

function leastLoaded(replicas: readonly Replica[], turn: number): Replica | undefined {
  const least = Math.min(...replicas.map((one) => one.load));
  const equal = replicas.filter((one) => one.load === least);
  return equal[turn % equal.length];
}

const isRefusal = (error: unknown): boolean => reasonOf(error) === ErrorReason.NO_FREE_SLOT;

/** The stream, or in its place another one while the first thing that comes out of it is a refusal. */
function untilAccepted<T>(
  stream: AsyncIterable<T>,
  another: (refusal: unknown) => Promise<AsyncIterable<T>>,
): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      let iterator = stream[Symbol.asyncIterator]();
      let accepted = false;
      const next = async (): Promise<IteratorResult<T>> => {
        try {
          const result = await iterator.next();
          accepted = true;
          return result;
        } catch (refusal) {
          if (accepted || !isRefusal(refusal)) throw refusal;
          iterator = (await another(refusal))[Symbol.asyncIterator]();
          return await next();
        }
      };
      return { next };
    },
  };
}

async function* inTurn<T>(messages: readonly T[]): AsyncIterable<T> {
  yield* messages;
}
