import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@irisvue/runtime';
import type { VisionServiceName } from '../steps.ts';

/** How often a service's number of slots is asked for; more often while it does not answer. */
const REFRESH_MS = 2_000;
const REFRESH_DOWN_MS = 250;
/** Each refusal of a service that follows soon on the one before doubles the pause after it, this often at most. */
const MAX_DOUBLINGS = 3;
/** A service that has not refused for this long has room again, and the next refusal is a first one. */
const CALM_MS = 3_000;

/** What a claim looks at. */
export interface Room {
  /** Slots that nobody of this runner has or waits for. */
  readonly free: number;
  /** Jobs of this runner that wait for one. */
  readonly waiting: number;
  /** Slots that the service has; 0 while it does not answer. */
  readonly slots: number;
}

/** The slots of the vision services, as one runner sees them: it never has more calls open than a service has slots. */
export interface Slots {
  room(service: VisionServiceName): Room;
  /** Takes a slot, waiting for one if need be: the most urgent waits least (lower rank first). Rejects on abort. */
  take(service: VisionServiceName, rank: number, signal: AbortSignal): Promise<Disposable>;
  /** The service said that it has none left, so another runner has them: leaves it alone, for longer each time. */
  pause(service: VisionServiceName, ms: number): void;
  /** The service could not be reached: nothing is sent to it until it answers again. */
  markDown(service: VisionServiceName): void;
}

interface Waiter {
  readonly rank: number;
  readonly admit: () => void;
}

interface Gate {
  slots: number;
  taken: number;
  pausedUntil: number;
  /** Refusals in a row. */
  refusals: number;
  readonly waiters: Waiter[];
}

/**
 * Keeps asking every service for its number of slots until `signal` aborts. `onRoom` is called whenever a slot may
 * have become free.
 */
export function watchSlots(o: {
  readonly ask: Readonly<Record<VisionServiceName, (signal: AbortSignal) => Promise<number>>>;
  readonly onRoom: () => void;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Slots {
  const gate = (): Gate => ({ slots: 0, taken: 0, pausedUntil: 0, refusals: 0, waiters: [] });
  const gates: Record<VisionServiceName, Gate> = { segmentation: gate(), enhancement: gate(), fusion: gate() };
  const admit = (of: Gate) => {
    while (of.taken < of.slots && of.waiters.length > 0) {
      of.taken += 1;
      of.waiters.shift()!.admit();
    }
    if (of.taken < of.slots) o.onRoom();
  };
  for (const service of Object.keys(gates) as VisionServiceName[]) {
    void refresh(service, gates[service], o, () => admit(gates[service]));
  }
  return {
    room: (service) => {
      const { slots, taken, waiters, pausedUntil } = gates[service];
      const paused = performance.now() < pausedUntil;
      return { free: paused ? 0 : Math.max(slots - taken - waiters.length, 0), waiting: waiters.length, slots };
    },
    take: async (service, rank, signal) => {
      const of = gates[service];
      if (of.taken < of.slots && of.waiters.length === 0) of.taken += 1;
      else await enqueue(of.waiters, rank, signal);
      return {
        [Symbol.dispose]: () => {
          of.taken -= 1;
          admit(of);
        },
      };
    },
    pause: (service, ms) => {
      const of = gates[service];
      const now = performance.now();
      if (now - of.pausedUntil > CALM_MS) of.refusals = 0;
      of.pausedUntil = now + ms * 2 ** Math.min(of.refusals, MAX_DOUBLINGS);
      of.refusals += 1;
    },
    markDown: (service) => {
      gates[service].slots = 0;
    },
  };
}

function enqueue(waiters: Waiter[], rank: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const leave = () => {
    waiters.splice(waiters.indexOf(waiter), 1);
    reject(signal.reason);
  };
  const waiter: Waiter = {
    rank,
    admit: () => {
      signal.removeEventListener('abort', leave);
      resolve();
    },
  };
  signal.addEventListener('abort', leave, { once: true });
  const behind = waiters.findIndex((other) => other.rank > rank);
  waiters.splice(behind === -1 ? waiters.length : behind, 0, waiter);
  return promise;
}

async function refresh(
  service: VisionServiceName,
  gate: Gate,
  o: Pick<Parameters<typeof watchSlots>[0], 'ask' | 'logger' | 'signal'>,
  onAnswer: () => void,
): Promise<void> {
  let down = false;
  while (!o.signal.aborted) {
    try {
      gate.slots = await o.ask[service](o.signal);
      if (down) o.logger.info({ service, slots: gate.slots }, 'the service answers again');
      down = false;
      onAnswer();
    } catch (error) {
      if (!down && !o.signal.aborted) o.logger.warn({ service, err: error }, 'the service does not answer');
      down = true;
      gate.slots = 0;
    }
    const pauseMs = gate.slots === 0 ? REFRESH_DOWN_MS : REFRESH_MS;
    await delay(pauseMs, undefined, { signal: o.signal }).catch(() => undefined); // aborted: the loop ends
  }
}
