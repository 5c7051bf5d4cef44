import { setTimeout as delay } from 'node:timers/promises';
import {
  create,
  type DescMethodServerStreaming,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { currentTraceHeaders, DomainError, ErrorReason, type Logger } from '@irisvue/runtime';
import { type CallQueue, callQueue } from './call-queue.ts';
import type { Device } from './device.ts';
import { methodName } from './serve-slot.ts';
import type { LoadedModel, SlotFailure, SlotShare } from './slot-messages.ts';
import { slotMetrics } from './slot-metrics.ts';
import { forkSlot, type SlotProcess } from './slot-process.ts';

/** A replacement is warm in about a third of a second, so that is when to ask again after NO_FREE_SLOT. */
const retryAfterMs = 300;
/** Pause before a slot that could not be loaded is tried again; doubles up to the longest. */
const firstReloadPauseMs = 250;
const longestReloadPauseMs = 30_000;

export interface SlotPoolOptions {
  /** The slot's main: a module that calls serveSlot. */
  readonly entry: URL;
  readonly slots: number;
  readonly device: Device;
  readonly threadsPerSlot: number;
  /** Settings of the slot, added to this process's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Longest time that one call may take. */
  readonly timeLimitMs: number;
  readonly logger: Logger;
}

/** What the pool can do, as VisionService tells it. */
export interface Capabilities {
  readonly device: Device;
  readonly slots: number;
  readonly freeSlots: number;
  readonly threadsPerSlot: number;
  readonly models: readonly LoadedModel[];
}

/**
 * Slots of a vision service. Each is a forked process with its models loaded that carries out one call at a time.
 * Nothing a call does can reach beyond its process: memory, native crashes and endless work end with it.
 */
export interface SlotPool extends AsyncDisposable {
  /**
   * Hands a call to a free slot and yields its responses. Aborting `signal`, leaving the loop early and overrunning the
   * time limit end the slot at once; a fresh one is warmed.
   * @throws DomainError NO_FREE_SLOT {retry_after_ms} before anything is done; DEPENDENCY_DOWN {dependency: "slot"}
   * when the slot dies or overruns; what the step threw; `signal.reason` when aborted.
   */
  run<M extends DescMethodServerStreaming>(
    method: M,
    request: MessageInitShape<M['input']>,
    signal: AbortSignal,
  ): AsyncIterable<MessageShape<M['output']>>;
  readonly capabilities: Capabilities;
  /**
   * Puts freshly loaded slots in place of all slots, one after the other; a slot that is busy finishes its call first.
   * @throws when a fresh slot cannot be loaded; the slots that are there then stay.
   */
  reload(): Promise<void>;
  /** Process ids of the slots that are alive. */
  readonly pids: readonly number[];
  /** Readiness: @throws when no slot is alive. */
  check(): Promise<void>;
}

/** Forks all slots and waits until they are warm. @throws when one cannot be loaded: a wrong model, no such device. */
export async function openSlotPool(o: SlotPoolOptions): Promise<SlotPool> {
  const { logger, device, threadsPerSlot, timeLimitMs } = o;
  const share: SlotShare = { device, threads: threadsPerSlot };
  const idle = new Set<SlotProcess>();
  const alive = new Set<SlotProcess>();
  /** Slots that another one has taken the place of; they end after their call. */
  const outdated = new WeakSet<SlotProcess>();
  const closing = new AbortController();
  const measured = slotMetrics(() => ({ slots: o.slots, alive: alive.size, idle: idle.size }));
  const fork = (): SlotProcess => {
    const slot = forkSlot(o.entry, share, o.env);
    alive.add(slot);
    void slot.exited.then((how) => {
      alive.delete(slot);
      idle.delete(slot);
      if (closing.signal.aborted || outdated.has(slot)) return;
      measured.lost();
      logger.warn({ pid: slot.pid, how }, 'slot ended; a fresh one is started');
    });
    return slot;
  };

  let models = await warmAll(Array.from({ length: o.slots }, fork));
  for (const slot of alive) keepFilled(slot);
  const capabilities = (): Capabilities => ({
    device,
    slots: o.slots,
    freeSlots: idle.size,
    threadsPerSlot,
    models,
  });
  logger.info(capabilities(), 'slots are warm');

  /** Offers a warm slot, and a replacement whenever it ends. */
  function keepFilled(slot: SlotProcess): void {
    idle.add(slot);
    void slot.exited.then(() => (outdated.has(slot) ? undefined : replace(firstReloadPauseMs)));
  }

  async function replace(pauseMs: number): Promise<void> {
    if (closing.signal.aborted) return;
    const slot = fork();
    try {
      models = await slot.ready;
      if (outdated.has(slot)) slot.kill();
      else keepFilled(slot);
    } catch (error) {
      if (closing.signal.aborted) return;
      logger.error({ err: error, pauseMs }, 'slot could not be loaded; it is tried again after a pause');
      slot.kill();
      await delay(pauseMs, undefined, { signal: closing.signal }).catch(() => undefined);
      await replace(Math.min(pauseMs * 2, longestReloadPauseMs));
    }
  }

  async function discard(slot: SlotProcess): Promise<void> {
    outdated.add(slot);
    slot.kill();
    await slot.exited;
  }

  async function reload(): Promise<void> {
    for (const old of [...alive]) {
      const fresh = fork();
      try {
        models = await fresh.ready;
      } catch (error) {
        await discard(fresh);
        throw error;
      }
      if (alive.has(old)) {
        outdated.add(old);
        keepFilled(fresh);
        if (idle.delete(old)) await discard(old);
      } else {
        await discard(fresh); // the old one ended meanwhile, and its place is being filled
      }
    }
    logger.info(capabilities(), 'slots are loaded anew');
  }
  let reloading = Promise.resolve();

  async function* run<M extends DescMethodServerStreaming>(
    method: M,
    request: MessageInitShape<M['input']>,
    signal: AbortSignal,
  ): AsyncIterable<MessageShape<M['output']>> {
    signal.throwIfAborted();
    const [slot] = idle;
    if (!slot) {
      throw new DomainError(ErrorReason.NO_FREE_SLOT, 'every slot is taken', { retry_after_ms: `${retryAfterMs}` });
    }
    idle.delete(slot);
    const name = methodName(method);
    const events = callQueue();
    const stop = endEarly(slot, events, signal, timeLimitMs);
    const startedAt = performance.now();
    let outcome: 'done' | 'failed' | 'died' = 'died';
    try {
      slot.start(
        { method: name, request: toBinary(method.input, create(method.input, request)), trace: currentTraceHeaders() },
        events.push,
      );
      for await (const event of events) {
        if (event.kind === 'response') {
          yield fromBinary(method.output, event.response) as MessageShape<M['output']>;
          continue;
        }
        outcome = event.kind;
        if (event.kind === 'done') {
          const { peakMib, modelMs } = event;
          measured.inModel({ method: name, ms: modelMs });
          const ms = Math.round(performance.now() - startedAt);
          return logger.info({ method: name, ms, peakMib, modelMs: Math.round(modelMs) }, 'call done');
        }
        throw event.kind === 'failed' ? rebuildError(event.failure) : diedError(event.how);
      }
    } finally {
      stop();
      measured.ended({ method: name, outcome, ms: performance.now() - startedAt });
      if (outcome !== 'died' && alive.has(slot) && !outdated.has(slot)) idle.add(slot);
      else slot.kill();
    }
  }

  return {
    run,
    reload: () => {
      reloading = reloading.catch(() => undefined).then(reload); // one at a time
      return reloading;
    },
    get capabilities() {
      return capabilities();
    },
    get pids() {
      return [...alive].map(({ pid }) => pid);
    },
    check: async () => {
      if (alive.size === 0) throw new Error('no slot is alive');
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      measured[Symbol.dispose]();
      const ends = [...alive].map(({ exited }) => exited);
      for (const slot of alive) slot.kill();
      await Promise.all(ends);
    },
  };
}

async function warmAll(slots: readonly SlotProcess[]): Promise<readonly LoadedModel[]> {
  try {
    const [models] = await Promise.all(slots.map(({ ready }) => ready));
    return models;
  } catch (error) {
    for (const slot of slots) slot.kill();
    await Promise.all(slots.map(({ exited }) => exited));
    throw error;
  }
}

/** Kills the slot when the caller aborts or time is up, and lets the call end with the reason. Returns the undo. */
function endEarly(slot: SlotProcess, events: CallQueue, signal: AbortSignal, timeLimitMs: number): () => void {
  const end = (reason: unknown): void => {
    events.fail(reason);
    slot.kill();
  };
  const onAbort = (): void => end(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => {
    end(new DomainError(ErrorReason.DEPENDENCY_DOWN, `the step took longer than ${timeLimitMs} ms`, slotIsDown));
  }, timeLimitMs);
  return () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  };
}

const slotIsDown = { dependency: 'slot' } as const;

function diedError(how: string): DomainError {
  return new DomainError(ErrorReason.DEPENDENCY_DOWN, `the slot ended in the middle of the step: ${how}`, slotIsDown);
}

function rebuildError({ message, stack, reason, metadata }: SlotFailure): Error {
  if (reason !== undefined) return new DomainError(reason, message, metadata);
  const error = new Error(message);
  error.stack = stack;
  return error;
}
