import { type ChildProcess, fork } from 'node:child_process';
import type { FromSlot, LoadedModel, SlotFailure, SlotShare, ToSlot } from './slot-messages.ts';

/** What a slot's call reports: its responses, then exactly one end. */
export type CallEvent =
  | { readonly kind: 'response'; readonly response: Uint8Array }
  | { readonly kind: 'done'; readonly peakMib: number; readonly modelMs: number }
  | { readonly kind: 'failed'; readonly failure: SlotFailure }
  | { readonly kind: 'died'; readonly how: string };

/** One forked slot. */
export interface SlotProcess {
  readonly pid: number;
  /** Its models, when it is warm; rejects when it cannot be loaded or dies before. */
  readonly ready: Promise<readonly LoadedModel[]>;
  /** How it ended, for example "signal SIGKILL". */
  readonly exited: Promise<string>;
  /** Hands it one call. The slot must be warm and idle. */
  start(call: Omit<Extract<ToSlot, { kind: 'run' }>, 'kind'>, onEvent: (event: CallEvent) => void): void;
  /** Ends it at once, native code included (SIGKILL). */
  kill(): void;
}

/** Forks a slot and tells it its share. `env` is added to this process's environment. */
export function forkSlot(entry: URL, share: SlotShare, env: Readonly<Record<string, string>>): SlotProcess {
  const child = fork(entry, [], {
    serialization: 'advanced',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [],
  });
  let onEvent: ((event: CallEvent) => void) | undefined;
  const ended = (event: CallEvent): void => {
    const listener = onEvent;
    if (event.kind !== 'response') onEvent = undefined;
    listener?.(event);
  };
  const exited = exitOf(child);
  void exited.then((how) => ended({ kind: 'died', how }));
  const ready = readinessOf(child, exited);
  child.on('message', (message: FromSlot) => {
    switch (message.kind) {
      case 'ready':
      case 'unusable':
        return;
      case 'response':
      case 'done':
      case 'failed':
        ended(message);
        return;
      default:
        message satisfies never;
    }
  });
  post(child, { kind: 'load', share });
  return {
    pid: child.pid ?? 0,
    ready,
    exited,
    start: (call, listener) => {
      if (onEvent) throw new Error(`slot ${child.pid} has a call already`);
      onEvent = listener;
      post(child, { kind: 'run', ...call });
    },
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
}

function readinessOf(child: ChildProcess, exited: Promise<string>): Promise<readonly LoadedModel[]> {
  const ready = new Promise<readonly LoadedModel[]>((resolve, reject) => {
    child.on('message', (message: FromSlot) => {
      if (message.kind === 'ready') resolve(message.models);
      if (message.kind === 'unusable') reject(new Error(message.failure.message, { cause: message.failure.stack }));
    });
    void exited.then((how) => reject(new Error(`the slot ended before it was ready: ${how}`)));
  });
  // Whoever awaits `ready` sees the failure; nobody may be waiting any more.
  ready.catch(() => undefined);
  return ready;
}

function post(child: ChildProcess, message: ToSlot): void {
  // A slot that died meanwhile answers through its exit, which every caller watches.
  child.send(message, () => undefined);
}
