/** Prometheus as KEDA reaches it. */
const PROMETHEUS = 'http://prometheus.monitoring:9090';
const SCALED = ['segmentation', 'enhancement', 'fusion'] as const;

/** Jobs that wait for a service or are at it. Every replica of jobs tells the whole queue, so it is their largest. */
export const demandFor = (service: string): string =>
  `sum(max by (job_class, step) (irisvue_queue_jobs{service="${service}"} + irisvue_queue_running{service="${service}"}))`;

/** One pod, with its one slot, for every four jobs that wait or run; never none, so that a first photo finds one warm. */
export const scaledObjects = SCALED.map((name) => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name },
  spec: {
    scaleTargetRef: { name },
    minReplicaCount: 1,
    maxReplicaCount: 8,
    cooldownPeriod: 300,
    triggers: [
      {
        type: 'prometheus',
        metadata: { serverAddress: PROMETHEUS, query: demandFor(name), threshold: '4', ignoreNullValues: 'false' },
      },
    ],
  },
}));
