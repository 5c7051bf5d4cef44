import { type Attributes, type BatchObservableCallback, metrics } from '@opentelemetry/api';

// Instruments of OpenTelemetry, named as Prometheus names them. Without startMetrics() they cost and do nothing, so
// they are made when something starts and not when a module is loaded.

/** Labels of a measurement. Each value is one of a few: never an id, a path or a text of a user. */
export type Labels = Readonly<Record<string, string>>;

const METER_NAME = 'irisvue';

/** Bounds of the buckets of durations, in seconds: from a call in memory to the longest step. */
const DURATION_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

/** A histogram of durations. `name` ends with _seconds; the function takes a duration in milliseconds. */
export function durations(name: `irisvue_${string}_seconds`, doc: string): (ms: number, labels: Labels) => void {
  const advice = { explicitBucketBoundaries: DURATION_BOUNDS };
  const histogram = metrics.getMeter(METER_NAME).createHistogram(name, { description: doc, advice });
  return (ms, labels) => histogram.record(ms / 1000, labels);
}

/** A counter of happenings. `name` ends with _total. */
export function counter(name: `irisvue_${string}_total`, doc: string): (labels: Labels) => void {
  const counted = metrics.getMeter(METER_NAME).createCounter(name, { description: doc });
  return (labels) => counted.add(1, labels);
}

/** A number of things that are under way: the function adds 1 when one begins, -1 when it ends. */
export function underWay(name: `irisvue_${string}`, doc: string): (change: 1 | -1, labels: Labels) => void {
  const current = metrics.getMeter(METER_NAME).createUpDownCounter(name, { description: doc });
  return (change, labels) => current.add(change, labels);
}

/** One value of a gauge. */
export interface Reading<Name extends string> {
  readonly name: Name;
  readonly labels: Labels;
  readonly value: number;
}

/**
 * Gauges that are read when they are asked for, all at once. What a reading does not name any more, and everything
 * when it throws, becomes NaN: an old number would pass for the present one. Dispose of them before what they read.
 */
export function gauges<Name extends `irisvue_${string}`>(
  docs: Readonly<Record<Name, string>>,
  read: () => readonly Reading<Name>[] | Promise<readonly Reading<Name>[]>,
): Disposable {
  const meter = metrics.getMeter(METER_NAME);
  const names = Object.keys(docs) as Name[];
  const byName = Object.fromEntries(
    names.map((name) => [name, meter.createObservableGauge(name, { description: docs[name] })]),
  ) as Record<Name, ReturnType<typeof meter.createObservableGauge>>;
  let told = new Map<string, Reading<Name>>();
  const observe: BatchObservableCallback = async (result) => {
    const now = await Promise.resolve()
      .then(read)
      .catch(() => []); // whoever works with what is out of reach logs it
    const present = new Map(now.map((reading) => [`${reading.name} ${JSON.stringify(reading.labels)}`, reading]));
    for (const { name, labels, value } of present.values()) result.observe(byName[name], value, labels as Attributes);
    for (const [key, { name, labels }] of told) {
      if (!present.has(key)) result.observe(byName[name], Number.NaN, labels as Attributes);
    }
    told = new Map([...told, ...present]);
  };
  const instruments = Object.values<(typeof byName)[Name]>(byName);
  meter.addBatchObservableCallback(observe, instruments);
  return { [Symbol.dispose]: () => meter.removeBatchObservableCallback(observe, instruments) };
}
