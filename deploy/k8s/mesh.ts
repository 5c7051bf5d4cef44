import { address, denyAll, deployment, disruptionBudget, type MeshService, networkPolicy } from './service.ts';

const PEERS = {
  identity: { IRISVUE_IDENTITY_URL: 'http://identity:8080' },
  consent: { IRISVUE_CONSENT_URL: 'http://consent:8080' },
  jobs: { IRISVUE_JOBS_URL: 'http://jobs:8080' },
  steps: {
    IRISVUE_SEGMENTATION_URL: 'http://segmentation:8080',
    IRISVUE_ENHANCEMENT_URL: 'http://enhancement:8080',
    IRISVUE_FUSION_URL: 'http://fusion:8080',
  },
};

// Given by whoever deploys, as keys of the Secret: addresses hold passwords.
const NATS = { IRISVUE_NATS_URL: 'nats-url' };
const REDIS = { IRISVUE_REDIS_URL: 'redis-url' };
const STORAGE = { IRISVUE_STORAGE_URL: 'storage-url' };
const KEYS = { IRISVUE_KEY_SECRET: 'key-secret' };
const database = (service: string) => ({ IRISVUE_DATABASE_URL: `${service}-database-url` });
// What the notices say; not secret, but of whoever deploys.
const OPERATOR = {
  IRISVUE_OPERATOR_NAME: 'operator-name',
  IRISVUE_OPERATOR_ADDRESS: 'operator-address',
  IRISVUE_OPERATOR_CONTACT: 'operator-contact',
  IRISVUE_STORAGE_LOCATIONS: 'storage-locations',
};
const own = (service: string) => ({ IRISVUE_SERVICE_SECRET: `${service}-secret` });
const webUrl = { IRISVUE_WEB_URL: 'https://irisvue.example' };
const publicUrl = { IRISVUE_PUBLIC_URL: 'https://irisvue.example' };

const vision = (name: string, memory: string): MeshService => ({
  name,
  replicas: 2,
  env: {
    ...PEERS.identity,
    ...PEERS.consent,
    IRISVUE_MODELS_DIR: '/app/models',
    IRISVUE_DEVICE: 'cpu',
    IRISVUE_SLOTS: '1',
    IRISVUE_THREADS: '2',
  },
  secrets: STORAGE,
  callers: ['jobs'],
  schema: false,
  cpu: '2',
  memory,
});

/** Every service of a mesh in a cluster. Backing servers are given by URL. */
export const MESH: readonly MeshService[] = [
  {
    name: 'gateway',
    replicas: 2,
    env: { ...PEERS.identity, ...PEERS.consent, ...PEERS.jobs, ...PEERS.steps, IRISVUE_TRUSTED_PROXIES: '1' },
    secrets: { ...REDIS, ...NATS, ...own('gateway') },
    callers: ['outside'],
    schema: false,
    cpu: '200m',
    memory: '384Mi',
  },
  {
    name: 'identity',
    replicas: 2,
    env: webUrl,
    secrets: {
      ...database('identity'),
      ...NATS,
      ...KEYS,
      IRISVUE_MASTER_SECRET: 'master-secret',
      IRISVUE_SMTP_URL: 'smtp-url',
    },
    callers: ['gateway', 'consent', 'jobs', 'segmentation', 'enhancement', 'fusion'],
    schema: true,
    cpu: '500m',
    memory: '768Mi',
  },
  {
    name: 'consent',
    replicas: 2,
    env: { ...PEERS.identity, ...PEERS.jobs, ...publicUrl, ...webUrl },
    secrets: { ...database('consent'), ...NATS, ...REDIS, ...STORAGE, ...KEYS, ...own('consent'), ...OPERATOR },
    callers: ['gateway', 'jobs', 'segmentation', 'enhancement', 'fusion'],
    schema: true,
    cpu: '200m',
    memory: '512Mi',
  },
  {
    name: 'jobs',
    replicas: 2,
    env: { ...PEERS.identity, ...PEERS.consent, ...PEERS.steps, ...publicUrl },
    secrets: { ...database('jobs'), ...NATS, ...STORAGE, ...own('jobs'), IRISVUE_LINK_SECRET: 'link-secret' },
    callers: ['gateway', 'consent'],
    schema: true,
    cpu: '200m',
    memory: '512Mi',
  },
  vision('segmentation', '2Gi'),
  vision('enhancement', '3Gi'),
  vision('fusion', '2Gi'),
];

/** All objects of the base, in the order in which they are written. */
export const manifests: readonly { readonly apiVersion: string; readonly kind: string }[] = [
  denyAll,
  ...MESH.flatMap((service) => [
    deployment(service),
    address(service),
    disruptionBudget(service),
    networkPolicy(service),
  ]),
];
