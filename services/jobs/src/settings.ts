import {
  portSetting,
  replicaUrlsSetting,
  type SettingValues,
  serverSettings,
  setting,
  urlSetting,
} from '@irisvue/runtime';
import { z } from 'zod';

const seconds = (env: string, o: { readonly default: string; readonly doc: string }) =>
  setting(
    env,
    z.coerce
      .number()
      .positive()
      .max(2_592_000)
      .transform((s) => s * 1000),
    o,
  );

/** Every knob of the jobs service. Times are given in seconds and held in milliseconds. */
export const jobsSettings = {
  ...serverSettings,
  port: portSetting(8083),
  databaseUrl: setting('IRISVUE_DATABASE_URL', z.string().min(1), {
    default: 'postgres://postgres:postgres@127.0.0.1:8085/jobs',
    secret: true,
    doc: 'PostgreSQL database of this service.',
  }),
  natsUrl: setting('IRISVUE_NATS_URL', z.string().min(1), {
    default: 'nats://127.0.0.1:8086',
    doc: 'NATS server with JetStream.',
  }),
  storageUrl: setting('IRISVUE_STORAGE_URL', z.string().min(1), {
    secret: true,
    doc: 'Object store: file:///dir?endpoint=…&secret=… or s3://KEY:SECRET@host:port/bucket.',
  }),
  publicUrl: urlSetting('IRISVUE_PUBLIC_URL', {
    default: 'http://127.0.0.1:8080',
    doc: 'The gateway as clients see it; download links start with it.',
  }),
  identityUrl: urlSetting('IRISVUE_IDENTITY_URL', { default: 'http://127.0.0.1:8081', doc: 'The identity service.' }),
  consentUrl: urlSetting('IRISVUE_CONSENT_URL', { default: 'http://127.0.0.1:8082', doc: 'The consent service.' }),
  segmentationUrl: replicaUrlsSetting('IRISVUE_SEGMENTATION_URL', {
    default: 'http://127.0.0.1:8091',
    doc: 'The segmentation service.',
  }),
  enhancementUrl: replicaUrlsSetting('IRISVUE_ENHANCEMENT_URL', {
    default: 'http://127.0.0.1:8092',
    doc: 'The enhancement service.',
  }),
  fusionUrl: replicaUrlsSetting('IRISVUE_FUSION_URL', { default: 'http://127.0.0.1:8093', doc: 'The fusion service.' }),
  serviceSecret: setting('IRISVUE_SERVICE_SECRET', z.string().min(16), {
    secret: true,
    doc: 'Secret of this service: HMAC-SHA256 of its name under the master secret, hexadecimal.',
  }),
  linkSecret: setting('IRISVUE_LINK_SECRET', z.string().min(32), {
    secret: true,
    doc: 'Signs download links, at least 32 characters. All replicas share it.',
  }),
  linkMs: seconds('IRISVUE_LINK_SECONDS', { default: '3600', doc: 'How long a download link works, in seconds.' }),
  uploadLinkMs: seconds('IRISVUE_UPLOAD_LINK_SECONDS', {
    default: '900',
    doc: 'How long a presigned upload works, in seconds.',
  }),
  uploadWaitMs: seconds('IRISVUE_UPLOAD_WAIT_SECONDS', {
    default: '86400',
    doc: 'An announced photo whose bytes never arrive is removed after this, in seconds.',
  }),
  runnerJobs: setting('IRISVUE_RUNNER_JOBS', z.coerce.number().int().min(0).max(1000), {
    default: '16',
    doc: 'Jobs that the runner of this replica works on at the same time, 0 to 1000; 0: it only serves calls.',
  }),
  leaseMs: seconds('IRISVUE_LEASE_SECONDS', {
    default: '30',
    doc: 'A job whose runner is silent for this long is taken up by another, in seconds.',
  }),
  claimPollMs: seconds('IRISVUE_CLAIM_POLL_SECONDS', {
    default: '1',
    doc: 'The runner looks for work this often when no event wakes it, in seconds.',
  }),
  watchPollMs: seconds('IRISVUE_WATCH_POLL_SECONDS', {
    default: '5',
    doc: 'A watcher re-reads this often when no signal wakes it, in seconds.',
  }),
  sessionCheckMs: seconds('IRISVUE_SESSION_CHECK_SECONDS', {
    default: '300',
    doc: 'Once its access token has expired, a watch asks identity this often whether the session stands, in seconds.',
  }),
  sweepMs: seconds('IRISVUE_SWEEP_SECONDS', {
    default: '5',
    doc: 'Expired leases, orphaned objects and uploads that never arrived are looked for this often, in seconds.',
  }),
  lateWriterMs: seconds('IRISVUE_LATE_WRITER_SECONDS', {
    default: '1800',
    doc: 'Objects of an ended job are swept a second time after this, for a writer that was cut off late, in seconds.',
  }),
  tidyMs: seconds('IRISVUE_TIDY_SECONDS', {
    default: '600',
    doc: 'Objects without a row, and rows of what was deleted and swept, are looked for this often, in seconds.',
  }),
  purgeMs: seconds('IRISVUE_PURGE_SECONDS', {
    default: '3600',
    doc: 'Photos whose retention has ended are looked for this often, in seconds.',
  }),
  retryDelayMs: seconds('IRISVUE_RETRY_DELAY_SECONDS', {
    default: '1',
    doc: 'Base of the exponential backoff of a job that waits for something that is down, in seconds; never more than 30.',
  }),
  processLimitMs: seconds('IRISVUE_PROCESS_LIMIT_SECONDS', {
    default: '1800',
    doc: 'Time limit of processing one photo, in seconds.',
  }),
  fuseLimitMs: seconds('IRISVUE_FUSE_LIMIT_SECONDS', { default: '180', doc: 'Time limit of a fusion, in seconds.' }),
  composeLimitMs: seconds('IRISVUE_COMPOSE_LIMIT_SECONDS', {
    default: '60',
    doc: 'Time limit of a composition, in seconds.',
  }),
};

export type JobsSettings = SettingValues<typeof jobsSettings>;
