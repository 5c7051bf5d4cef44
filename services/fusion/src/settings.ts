import { portSetting, type SettingValues, serverSettings, setting, urlSetting } from '@irisvue/runtime';
import { visionSettings } from '@irisvue/vision';
import { z } from 'zod';

/** What a slot reads; the service hands its own environment on. */
export const slotSettings = {
  storageUrl: setting('IRISVUE_STORAGE_URL', z.string().min(1), {
    secret: true,
    doc: 'Object store: file:///dir?endpoint=…&secret=… or s3://KEY:SECRET@host:port/bucket.',
  }),
  opencvDir: setting('IRISVUE_OPENCV', z.string().optional(), {
    doc: 'Folder that services/fusion/src/build-opencv.ts made, for the OpenCV engine. Not set: there is none.',
  }),
  logLevel: serverSettings.logLevel,
};

/** Every knob of the fusion service. */
export const fusionSettings = {
  ...serverSettings,
  ...visionSettings,
  ...slotSettings,
  port: portSetting(8093),
  identityUrl: urlSetting('IRISVUE_IDENTITY_URL', { default: 'http://127.0.0.1:8081', doc: 'The identity service.' }),
  consentUrl: urlSetting('IRISVUE_CONSENT_URL', { default: 'http://127.0.0.1:8082', doc: 'The consent service.' }),
};

export type FusionSettings = SettingValues<typeof fusionSettings>;
