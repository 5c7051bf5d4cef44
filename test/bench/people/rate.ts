import { median } from '../median.ts';

/** How long and how often something is repeated. */
export interface Effort {
  /** Length of one round. */
  readonly seconds: number;
  /** Rounds of each contestant, taken in turns; the figure is their median. */
  readonly rounds: number;
  /** Calls in flight at a time. */
  readonly parallel: number;
}

/** What was measured of one call. */
export interface Rate {
  /** Calls that ended per second with `parallel` in flight, median of the rounds. */
  readonly perSecond: number;
  /** One call after the other, median. */
  readonly ms: number;
}

const LATENCY_CALLS = 60;
const MS = 1_000;

/** Measures calls in turns, so that whatever else the machine does meets all of them alike. */
export async function rates<Name extends string>(
  calls: Readonly<Record<Name, () => Promise<unknown>>>,
  effort: Effort,
): Promise<Record<Name, Rate>> {
  const names = Object.keys(calls) as Name[];
  const rounds = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < effort.rounds; round++) {
    for (const name of names) rounds.get(name)!.push(await callsPerSecond(calls[name], effort));
  }
  const measured: [Name, Rate][] = [];
  for (const name of names) {
    measured.push([name, { perSecond: median(rounds.get(name)!), ms: median(await latencies(calls[name])) }]);
  }
  return Object.fromEntries(measured) as Record<Name, Rate>;
}

/** Milliseconds of each of some calls, one after the other. */
export async function latencies(call: () => Promise<unknown>, calls = LATENCY_CALLS): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < calls; i++) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  return times;
}

async function callsPerSecond(call: () => Promise<unknown>, { seconds, parallel }: Effort): Promise<number> {
  const start = performance.now();
  const end = start + seconds * MS;
  let calls = 0;
  const callOn = async (): Promise<void> => {
    while (performance.now() < end) {
      await call();
      calls++;
    }
  };
  await Promise.all(Array.from({ length: parallel }, callOn));
  // The last calls end after the round: the time is that of all that were counted.
  return (calls * MS) / (performance.now() - start);
}
