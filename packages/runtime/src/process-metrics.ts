import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type BatchObservableCallback, metrics } from '@opentelemetry/api';

const NANOSECONDS = 1e-9;
const MICROSECONDS = 1e-6;

/** Memory, processor time and event loop delay of this process, under the names that Prometheus clients give them. */
export function processMetrics(): Disposable {
  const meter = metrics.getMeter('process');
  const memory = meter.createObservableGauge('process_resident_memory_bytes', {
    description: 'Resident memory, in bytes.',
  });
  const processor = meter.createObservableCounter('process_cpu_seconds_total', {
    description: 'Processor time, user and system, in seconds.',
  });
  const start = meter.createObservableGauge('process_start_time_seconds', {
    description: 'When the process started, in seconds since 1970.',
  });
  const delay = meter.createObservableGauge('nodejs_eventloop_lag_p99_seconds', {
    description: 'Delay of the event loop since the last scrape, 99th percentile, in seconds.',
  });
  const histogram = monitorEventLoopDelay({ resolution: 10 });
  histogram.enable();
  const observe: BatchObservableCallback = (result) => {
    const { user, system } = process.cpuUsage();
    result.observe(memory, process.memoryUsage.rss());
    result.observe(processor, (user + system) * MICROSECONDS);
    result.observe(start, performance.timeOrigin / 1000);
    result.observe(delay, histogram.count === 0 ? 0 : histogram.percentile(99) * NANOSECONDS);
    histogram.reset();
  };
  const instruments = [memory, processor, start, delay];
  meter.addBatchObservableCallback(observe, instruments);
  return {
    [Symbol.dispose]: () => {
      meter.removeBatchObservableCallback(observe, instruments);
      histogram.disable();
    },
  };
}
