/** What differs between the services of a mesh in a cluster. */
export interface MeshService {
  readonly name: string;
  readonly replicas: number;
  /** Settings that are no secret, beside those of the image. */
  readonly env: Readonly<Record<string, string>>;
  /** Secret settings: keys of the Secret `irisvue`, by variable. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Services that may call it; "outside" lets an ingress do so. */
  readonly callers: readonly string[];
  /** Has migrations, which run before it starts. */
  readonly schema: boolean;
  readonly cpu: string;
  readonly memory: string;
}

const PORT = 8080;
const METRICS_PORT = 9464;
const IMAGE_USER = 10_001;
const SECRET = 'irisvue';

const labelsOf = (name: string) => ({ 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'irisvue' });

const hardened = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

/** The environment of a container: settings in order, secrets by reference. */
function environment(of: Pick<MeshService, 'env' | 'secrets'>) {
  return [
    ...Object.entries(of.env).map(([name, value]) => ({ name, value })),
    ...Object.entries(of.secrets).map(([name, key]) => ({ name, valueFrom: { secretKeyRef: { name: SECRET, key } } })),
  ];
}

/** Brings the schema up before the service starts. Several replicas may do so at once. */
function migration(of: MeshService) {
  const { IRISVUE_DATABASE_URL: key } = of.secrets;
  return {
    name: 'schema',
    image: `irisvue/${of.name}`,
    command: ['node', '/app/packages/database/src/migrate-main.ts', 'migrations'],
    env: environment({ env: {}, secrets: { IRISVUE_DATABASE_URL: key! } }),
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    securityContext: hardened,
    volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
  };
}

/** Pods of a service. An update starts a new one before it ends an old one, which hands back or finishes what it does. */
export function deployment(of: MeshService) {
  const labels = labelsOf(of.name);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: of.name, labels },
    spec: {
      replicas: of.replicas,
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: {
          labels,
          annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(METRICS_PORT) },
        },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 60,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: IMAGE_USER,
            runAsGroup: IMAGE_USER,
            fsGroup: IMAGE_USER,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: labels },
            },
          ],
          ...(of.schema && { initContainers: [migration(of)] }),
          containers: [
            {
              name: of.name,
              image: `irisvue/${of.name}`,
              ports: [
                { name: 'grpc', containerPort: PORT },
                { name: 'metrics', containerPort: METRICS_PORT },
              ],
              env: environment(of),
              resources: { requests: { cpu: of.cpu, memory: of.memory }, limits: { memory: of.memory } },
              securityContext: hardened,
              startupProbe: { grpc: { port: PORT }, periodSeconds: 2, failureThreshold: 60 },
              readinessProbe: { grpc: { port: PORT }, periodSeconds: 5, timeoutSeconds: 3 },
              livenessProbe: { httpGet: { path: '/livez', port: 'grpc' }, periodSeconds: 10, timeoutSeconds: 5 },
              // The pod is taken out of its Service before it stops to accept calls.
              lifecycle: { preStop: { sleep: { seconds: 5 } } },
              volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
            },
          ],
          volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '1Gi' } }],
        },
      },
    },
  };
}

/**
 * The name of a service within the cluster. It resolves to each of its pods that is ready, since whoever calls it
 * balances by itself; only what is called from outside has an address of its own.
 */
export function address(of: MeshService) {
  const labels = labelsOf(of.name);
  const headless = !of.callers.includes('outside');
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: of.name, labels },
    spec: {
      ...(headless && { clusterIP: 'None' }),
      selector: labels,
      ports: [{ name: 'grpc', port: PORT, targetPort: 'grpc', appProtocol: 'kubernetes.io/h2c' }],
    },
  };
}

/** A node that is emptied takes one pod at a time. */
export function disruptionBudget(of: MeshService) {
  const labels = labelsOf(of.name);
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: of.name, labels },
    spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
  };
}

/** Who may call a service, and that Prometheus may scrape it. All else is refused by `denyAll`. */
export function networkPolicy(of: MeshService) {
  const labels = labelsOf(of.name);
  const callers = of.callers.filter((caller) => caller !== 'outside');
  const from = of.callers.includes('outside')
    ? undefined // anybody, as through an ingress
    : callers.map((caller) => ({ podSelector: { matchLabels: labelsOf(caller) } }));
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: of.name, labels },
    spec: {
      podSelector: { matchLabels: labels },
      policyTypes: ['Ingress'],
      ingress: [
        { ...(from && { from }), ports: [{ port: 'grpc', protocol: 'TCP' }] },
        {
          from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
          ports: [{ port: 'metrics', protocol: 'TCP' }],
        },
      ],
    },
  };
}

/** Nothing reaches a pod of the mesh that no other policy lets in. */
export const denyAll = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'deny-all' },
  spec: { podSelector: {}, policyTypes: ['Ingress'] },
};
