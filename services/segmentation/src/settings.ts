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
  minIrisPx: setting('IRISVUE_MIN_IRIS_PX', z.coerce.number().int().min(1).max(10_000), {
    default: '100',
    doc: 'Fewest pixels across an iris, 1 to 10000; a smaller one is refused.',
  }),
  minVisiblePercent: setting('IRISVUE_MIN_VISIBLE_PERCENT', z.coerce.number().min(0).max(100), {
    default: '40',
    doc: 'Least share of the iris that must be seen, in %; one that is covered more is refused.',
  }),
};

/** Every knob of the segmentation service. */
export const segmentationSettings = {
  ...serverSettings,
  ...visionSettings,
  ...slotSettings,
  port: portSetting(8091),
  identityUrl: urlSetting('IRISVUE_IDENTITY_URL', { default: 'http://127.0.0.1:8081', doc: 'The identity service.' }),
  consentUrl: urlSetting('IRISVUE_CONSENT_URL', { default: 'http://127.0.0.1:8082', doc: 'The consent service.' }),
};

export type SegmentationSettings = SettingValues<typeof segmentationSettings>;
