import { SettingsError } from './settings.ts';

/** Exit code when settings cannot be read. */
export const EXIT_SETTINGS = 2;

// Longer than any server's drain bound: what is not down by then hangs.
const STOP_LIMIT_MS = 30_000;

/**
 * Runs a process: starts it, and on SIGTERM, SIGINT or the loss of its parent (IPC channel) disposes of it and exits
 * with 0. A second signal, or a stop that hangs, ends it at once with 1. A failed start says why on stderr and exits
 * with 1; SettingsError exits with 2.
 */
export function runMain(name: string, start: () => Promise<AsyncDisposable>): void {
  let stopping = false;
  const started = start();

  const stop = async (): Promise<void> => {
    if (stopping) {
      process.exit(1);
    }
    stopping = true;
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
    try {
      const running = await started;
      await running[Symbol.asyncDispose]();
      process.exit(0);
    } catch (error) {
      fail(name, 'did not stop cleanly', error);
    }
  };

  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', stop);

  started.catch((error) => {
    if (!stopping) {
      fail(name, 'did not start', error);
    }
  });
}

function fail(name: string, what: string, error: unknown): never {
  const isSettings = error instanceof SettingsError;
  const why = isSettings ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${name} ${what}: ${why}\n`);
  process.exit(isSettings ? EXIT_SETTINGS : 1);
}
