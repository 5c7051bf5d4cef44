import {
  loadSettings,
  portSetting,
  replicaUrlsSetting,
  type SettingValues,
  serverSettings,
  setting,
  urlSetting,
} from '@irisvue/runtime';
import { z } from 'zod';

const originList = z.string().transform((text) =>
  text
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== ''),
);

/** Every knob of the gateway. */
export const settings = {
  ...serverSettings,
  port: portSetting(8080),
  redisUrl: setting('IRISVUE_REDIS_URL', z.url({ protocol: /^rediss?$/ }), {
    default: 'redis://127.0.0.1:8087',
    doc: 'Redis that counts calls for the rate limit.',
  }),
  natsUrl: setting('IRISVUE_NATS_URL', z.string().min(1), {
    default: 'nats://127.0.0.1:8086',
    doc: 'NATS server with JetStream.',
  }),
  allowedOrigins: setting('IRISVUE_ALLOWED_ORIGINS', originList, {
    default: '',
    doc: 'Origins whose pages may call, comma separated, for example https://irisvue.example. Empty: none.',
  }),
  userCallsPerMinute: setting('IRISVUE_USER_CALLS_PER_MINUTE', z.coerce.number().int().min(1), {
    default: '1200',
    doc: 'Calls per minute that one signed-in user may make.',
  }),
  addressCallsPerMinute: setting('IRISVUE_ADDRESS_CALLS_PER_MINUTE', z.coerce.number().int().min(1), {
    default: '300',
    doc: 'Calls per minute without a valid token that one address may make: sign-in, sign-up, download links.',
  }),
  trustedProxies: setting('IRISVUE_TRUSTED_PROXIES', z.coerce.number().int().min(0).max(10), {
    default: '0',
    doc: 'Number of proxies in front that append to X-Forwarded-For. 0: the header is not believed.',
  }),
  serviceSecret: setting('IRISVUE_SERVICE_SECRET', z.string().min(16), {
    secret: true,
    doc: "The gateway's own secret, traded at identity for its service token.",
  }),
  identityUrl: urlSetting('IRISVUE_IDENTITY_URL', { default: 'http://127.0.0.1:8081', doc: 'URL of identity.' }),
  consentUrl: urlSetting('IRISVUE_CONSENT_URL', { default: 'http://127.0.0.1:8082', doc: 'URL of consent.' }),
  jobsUrl: replicaUrlsSetting('IRISVUE_JOBS_URL', { default: 'http://127.0.0.1:8083', doc: 'URL of jobs.' }),
  segmentationUrl: replicaUrlsSetting('IRISVUE_SEGMENTATION_URL', {
    default: 'http://127.0.0.1:8091',
    doc: 'URL of segmentation. The gateway asks it for its health only.',
  }),
  enhancementUrl: replicaUrlsSetting('IRISVUE_ENHANCEMENT_URL', {
    default: 'http://127.0.0.1:8092',
    doc: 'URL of enhancement. The gateway asks it for its health only.',
  }),
  fusionUrl: replicaUrlsSetting('IRISVUE_FUSION_URL', {
    default: 'http://127.0.0.1:8093',
    doc: 'URL of fusion. The gateway asks it for its health only.',
  }),
};

export type Config = SettingValues<typeof settings>;

/** Reads the gateway's settings from the environment. Throws SettingsError with every problem. */
export function loadConfig(): Config {
  return loadSettings(settings);
}
