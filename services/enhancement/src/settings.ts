import { portSetting, type SettingValues, serverSettings, setting, urlSetting } from '@irisvue/runtime';
import { visionSettings } from '@irisvue/vision';
import { z } from 'zod';

/** What a slot reads; the service hands its own values on. */
export const slotSettings = {
  storageUrl: setting('IRISVUE_STORAGE_URL', z.string().min(1), {
    secret: true,
    doc: 'Object store: file:///dir?endpoint=…&secret=… or s3://KEY:SECRET@host:port/bucket.',
  }),
  modelsDir: visionSettings.modelsDir,
};

/** Every knob of the enhancement service. */
export const enhancementSettings = {
  ...serverSettings,
  ...visionSettings,
  ...slotSettings,
  port: portSetting(8092),
  identityUrl: urlSetting('IRISVUE_IDENTITY_URL', { default: 'http://127.0.0.1:8081', doc: 'The identity service.' }),
  consentUrl: urlSetting('IRISVUE_CONSENT_URL', { default: 'http://127.0.0.1:8082', doc: 'The consent service.' }),
};

export type EnhancementSettings = SettingValues<typeof enhancementSettings>;
