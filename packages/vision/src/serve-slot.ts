import {
  create,
  type DescMethod,
  type DescMethodServerStreaming,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { DomainError, withRemoteTrace } from '@irisvue/runtime';
import { limitCodecThreads } from './codec.ts';
import { describeModel, type Model } from './model.ts';
import { modelTimeMs } from './model-time.ts';
import { endWithParent } from './parent-watch.ts';
import type { FromSlot, SlotFailure, SlotShare, ToSlot } from './slot-messages.ts';

/** A method of the contract that a slot carries out, with messages still as bytes. */
export interface SlotStep {
  /** Full name, `package.Service/Method`. */
  readonly method: string;
  run(request: Uint8Array, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** What a slot holds once it is warm. */
export interface LoadedSlot {
  readonly models: readonly Model[];
  readonly steps: readonly SlotStep[];
}

/** Full name of a method, `package.Service/Method`. */
export function methodName(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/**
 * Says how a server-streaming method is carried out. `carryOut` yields progress, then the outcome. It need not look at
 * the signal: a call that is not wanted any more ends with its process.
 */
export function step<M extends DescMethodServerStreaming>(
  method: M,
  carryOut: (request: MessageShape<M['input']>, signal: AbortSignal) => AsyncIterable<MessageInitShape<M['output']>>,
): SlotStep {
  return {
    method: methodName(method),
    async *run(request, signal) {
      for await (const response of carryOut(fromBinary(method.input, request) as MessageShape<M['input']>, signal)) {
        yield toBinary(method.output, create(method.output, response));
      }
    },
  };
}

/**
 * The main of a slot process: waits for its share of the machine, loads what it needs once, then carries out one call
 * at a time until the service ends it. It ends by itself as soon as its parent is gone.
 */
export function serveSlot(o: { readonly load: (share: SlotShare) => Promise<LoadedSlot> }): void {
  endWithParent();
  let loaded: LoadedSlot | undefined;
  const over = new AbortController();
  process.on('disconnect', () => {
    over.abort();
    process.exit(0);
  });
  process.on('message', (message: ToSlot) => {
    switch (message.kind) {
      case 'load':
        void load(o.load, message.share).then((slot) => {
          loaded = slot;
        });
        return;
      case 'run':
        void runCall(loaded, message, over.signal);
        return;
      default:
        message satisfies never;
    }
  });
}

async function load(
  open: (share: SlotShare) => Promise<LoadedSlot>,
  share: SlotShare,
): Promise<LoadedSlot | undefined> {
  try {
    limitCodecThreads(share.threads);
    const slot = await open(share);
    send({ kind: 'ready', models: slot.models.map(describeModel) });
    return slot;
  } catch (error) {
    send({ kind: 'unusable', failure: describeFailure(error) });
    return undefined;
  }
}

async function runCall(
  loaded: LoadedSlot | undefined,
  { method, request, trace }: Extract<ToSlot, { kind: 'run' }>,
  signal: AbortSignal,
): Promise<void> {
  const modelMsBefore = modelTimeMs();
  try {
    const found = loaded?.steps.find((candidate) => candidate.method === method);
    if (!found) throw new Error(`this slot does not carry out ${method}`);
    await withRemoteTrace(trace, method, async () => {
      for await (const response of found.run(request, signal)) send({ kind: 'response', response });
    });
    // maxRSS is in KiB on every platform (libuv).
    const peakMib = Math.round(process.resourceUsage().maxRSS / 1024);
    send({ kind: 'done', peakMib, modelMs: modelTimeMs() - modelMsBefore });
  } catch (error) {
    send({ kind: 'failed', failure: describeFailure(error) });
  }
}

function describeFailure(error: unknown): SlotFailure {
  if (error instanceof DomainError) {
    const { message, stack = '', reason, metadata } = error;
    return { message, stack, reason, metadata };
  }
  if (error instanceof Error) return { message: error.message, stack: causes(error) };
  return { message: String(error), stack: '' };
}

function causes(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\ncaused by ${causes(error.cause)}` : own;
}

function send(message: FromSlot): void {
  process.send?.(message);
}
