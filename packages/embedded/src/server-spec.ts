import type { ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 25;
const CONNECT_LIMIT_MS = 1000;

/** How one process of the mesh is started and known to be up. It may be started many times, one after the other. */
export interface ServerSpec {
  readonly name: string;
  /** Where it answers, for a person to see; without a password. */
  readonly url: string;
  /** Starts it; its output goes to the file descriptor. */
  spawn(log: number): Promise<ChildProcess>;
  /** Resolves when it can be used. Rejects when the signal fires first. */
  ready(signal: AbortSignal): Promise<void>;
  /** Makes it stop in order. */
  readonly stopSignal: NodeJS.Signals;
  /** How long that may take before it is killed, in milliseconds. */
  readonly stopLimitMs: number;
}

/** Asks again and again until the answer is yes. Rejects when the signal fires; what a question throws counts as no. */
export async function untilReady(ask: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    if (await ask().catch(() => false)) return;
    await wait(POLL_MS, undefined, { signal });
  }
}

/** Whether a TCP server answers with the expected first bytes, after it was sent `hello`. */
export async function greets(host: string, port: number, hello: string, expected: string): Promise<boolean> {
  const socket = connect({ host, port, timeout: CONNECT_LIMIT_MS });
  try {
    return await new Promise<boolean>((resolve, reject) => {
      let heard = '';
      socket.on('connect', () => hello !== '' && socket.write(hello));
      socket.on('data', (chunk) => {
        heard += chunk.toString('latin1');
        if (heard.length >= expected.length) resolve(heard.startsWith(expected));
      });
      socket.on('timeout', () => resolve(false));
      socket.on('close', () => resolve(false));
      socket.on('error', reject);
    });
  } finally {
    socket.destroy();
  }
}
