import type { Logger } from './log.ts';

// A check that takes longer than this counts as failed: a probe must answer while a dependency hangs.
const CHECK_TIMEOUT_MS = 2_000;

/** Whether a service can work, and which of its dependencies it waits for. */
export interface ReadinessReport {
  readonly ready: boolean;
  readonly dependencies: Readonly<Record<string, 'up' | 'down'>>;
}

export interface Readiness {
  check(): Promise<ReadinessReport>;
  /** From now on not ready: the server stops. */
  stop(): void;
}

/** Asks all dependencies at once. Callers that ask at the same time share one round. Changes are logged, not checks. */
export function createReadiness(checks: Readonly<Record<string, () => Promise<void>>>, logger: Logger): Readiness {
  const last = new Map<string, 'up' | 'down'>();
  let stopping = false;
  let pending: Promise<ReadinessReport> | undefined;

  const checkOne = async (name: string, check: () => Promise<void>): Promise<['up' | 'down', unknown]> => {
    try {
      await bounded(check, name);
      return ['up', undefined];
    } catch (error) {
      return ['down', error];
    }
  };

  const round = async (): Promise<ReadinessReport> => {
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        const [state, error] = await checkOne(name, check);
        if ((last.get(name) ?? 'up') !== state) {
          const say = state === 'down' ? logger.warn.bind(logger) : logger.info.bind(logger);
          say({ dependency: name, err: error }, `dependency is ${state}`);
        }
        last.set(name, state);
        return [name, state] as const;
      }),
    );
    return { ready: results.every(([, state]) => state === 'up'), dependencies: Object.fromEntries(results) };
  };

  return {
    check: async () => {
      pending ??= round().finally(() => {
        pending = undefined;
      });
      const report = await pending;
      return stopping ? { ...report, ready: false } : report;
    },
    stop: () => {
      stopping = true;
    },
  };
}

async function bounded(check: () => Promise<void>, name: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} did not answer in ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
  });
  try {
    await Promise.race([check(), late]);
  } finally {
    clearTimeout(timer);
  }
}
