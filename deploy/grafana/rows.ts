/** Units by the names that Grafana has for them. */
type Unit = 's' | 'reqps' | 'short' | 'percentunit' | 'bytes' | 'ops';

/** One chart. */
export interface Panel {
  readonly title: string;
  readonly unit: Unit;
  /** Said under the small i of the panel. */
  readonly doc: string;
  /** PromQL by legend; {{label}} stands for a label's value. */
  readonly lines: Readonly<Record<string, string>>;
}

/** Charts under one heading. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const rate = (metric: string) => `rate(${metric}[$__rate_interval])`;
const byLe = (metric: string, labels: string) => `sum by (le, ${labels}) (${rate(`${metric}_bucket`)})`;
const quantile = (q: number, metric: string, labels: string) => `histogram_quantile(${q}, ${byLe(metric, labels)})`;

// What the caller did wrong, and what it cancelled, is no error of the service.
const OUR_FAULTS = 'code=~"internal|unknown|unavailable|data_loss|deadline_exceeded|unimplemented"';

/** What the dashboard shows, from top to bottom. */
export const ROWS: readonly Row[] = [
  {
    title: 'Calls',
    panels: [
      {
        title: 'Calls per second',
        unit: 'reqps',
        doc: 'By service, health checks left out.',
        lines: {
          '{{service_name}}': `sum by (service_name) (${rate('irisvue_rpc_server_seconds_count{rpc_service!~"grpc.*"}')})`,
        },
      },
      {
        title: 'Errors of ours',
        unit: 'percentunit',
        doc: 'Share of calls that ended with a code that is our fault.',
        lines: {
          '{{service_name}}': `sum by (service_name) (${rate(`irisvue_rpc_server_seconds_count{${OUR_FAULTS}}`)}) / sum by (service_name) (${rate('irisvue_rpc_server_seconds_count')})`,
        },
      },
      {
        title: 'Duration, 95 of 100 calls',
        unit: 's',
        doc: 'Until the last message; calls that watch are as long as their reader stays.',
        lines: {
          '{{service_name}} {{rpc_method}}': quantile(0.95, 'irisvue_rpc_server_seconds', 'service_name, rpc_method'),
        },
      },
      {
        title: 'Calls under way',
        unit: 'short',
        doc: 'At this moment.',
        lines: { '{{service_name}}': 'sum by (service_name) (irisvue_rpc_server_calls)' },
      },
    ],
  },
  {
    title: 'Queue',
    panels: [
      {
        title: 'Jobs that wait',
        unit: 'short',
        doc: 'By class and next step. Every replica tells the same number.',
        lines: { '{{job_class}} {{step}}': 'max by (job_class, step) (irisvue_queue_jobs)' },
      },
      {
        title: 'Longest wait',
        unit: 's',
        doc: 'Age of the oldest job that waits, by class and next step.',
        lines: { '{{job_class}} {{step}}': 'max by (job_class, step) (irisvue_queue_oldest_seconds)' },
      },
      {
        title: 'Jobs that run',
        unit: 'short',
        doc: 'Held by a runner, by step; and those of them that wait for a slot.',
        lines: {
          '{{step}}': 'sum by (step) (max by (job_class, step) (irisvue_queue_running))',
          'waiting for {{service}}': 'sum by (service) (irisvue_runner_waiting)',
        },
      },
      {
        title: 'Attempts per second',
        unit: 'ops',
        doc: 'By how they ended. "lost" is a job that was cancelled or taken over.',
        lines: { '{{kind}} {{outcome}}': `sum by (kind, outcome) (${rate('irisvue_job_attempts_total')})` },
      },
      {
        title: 'Time of a step',
        unit: 's',
        doc: 'Median, and 95 of 100, with the wait for a slot and the checkpoint.',
        lines: {
          'median {{step}}': quantile(0.5, 'irisvue_step_seconds', 'step'),
          '95 % {{step}}': quantile(0.95, 'irisvue_step_seconds', 'step'),
        },
      },
    ],
  },
  {
    title: 'Slots',
    panels: [
      {
        title: 'Slots in use',
        unit: 'percentunit',
        doc: 'Share of the slots that cannot take a call.',
        lines: {
          '{{service_name}}': 'sum by (service_name) (irisvue_slots_busy) / sum by (service_name) (irisvue_slots)',
        },
      },
      {
        title: 'Slots as runners see them',
        unit: 'short',
        doc: 'All, and those that they would claim a job for.',
        lines: {
          'all {{service}}': 'max by (service) (irisvue_runner_slots)',
          'free {{service}}': 'max by (service) (irisvue_runner_free_slots)',
        },
      },
      {
        title: 'Time in a slot',
        unit: 's',
        doc: 'Median of the whole call, and of what networks took of it.',
        lines: {
          'call {{rpc_method}}': quantile(0.5, 'irisvue_slot_call_seconds', 'rpc_method'),
          'networks {{rpc_method}}': quantile(0.5, 'irisvue_model_seconds', 'rpc_method'),
        },
      },
      {
        title: 'Slots that died',
        unit: 'ops',
        doc: 'Calls that lost their slot, and processes that were replaced. A withdrawn consent kills its slot, too.',
        lines: {
          'calls {{rpc_method}}': `sum by (rpc_method) (${rate('irisvue_slot_call_seconds_count{outcome="died"}')})`,
          'missing {{service_name}}': 'sum by (service_name) (irisvue_slots - irisvue_slots_alive)',
        },
      },
    ],
  },
  {
    title: 'Events',
    panels: [
      {
        title: 'Outbox',
        unit: 'short',
        doc: 'Events that wait to be published.',
        lines: { '{{service_name}}': 'max by (service_name) (irisvue_outbox_events)' },
      },
      {
        title: 'Outbox lag',
        unit: 's',
        doc: 'Age of the oldest event that waits to be published.',
        lines: { '{{service_name}}': 'max by (service_name) (irisvue_outbox_oldest_seconds)' },
      },
      {
        title: 'Consumer lag',
        unit: 'short',
        doc: 'Events that a consumer has not seen, and those that it has not done.',
        lines: {
          'not seen {{durable}}': 'max by (durable) (irisvue_consumer_pending)',
          'not done {{durable}}': 'max by (durable) (irisvue_consumer_unacknowledged)',
        },
      },
      {
        title: 'Events per second',
        unit: 'ops',
        doc: 'By consumer and how they ended; "dead" needs a person.',
        lines: { '{{durable}} {{outcome}}': `sum by (durable, outcome) (${rate('irisvue_events_total')})` },
      },
    ],
  },
  {
    title: 'Processes',
    panels: [
      {
        title: 'Memory',
        unit: 'bytes',
        doc: 'Resident, of the service itself; its slots are processes of their own.',
        lines: { '{{service_name}}': 'process_resident_memory_bytes' },
      },
      {
        title: 'Processor',
        unit: 'short',
        doc: 'Cores in use.',
        lines: { '{{service_name}}': rate('process_cpu_seconds_total') },
      },
      {
        title: 'Event loop delay',
        unit: 's',
        doc: '99th percentile since the last scrape.',
        lines: { '{{service_name}}': 'nodejs_eventloop_lag_p99_seconds' },
      },
      {
        title: 'Up for',
        unit: 's',
        doc: 'Since the process started.',
        lines: { '{{service_name}}': 'time() - process_start_time_seconds' },
      },
    ],
  },
];
