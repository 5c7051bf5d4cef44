import { portSetting, type SettingValues, serverSettings, setting } from '@irisvue/runtime';
import { visionSettings } from '@irisvue/vision';
import { z } from 'zod';

/** What a slot reads; the service hands its own values on. */
export const slotSettings = {
  storageUrl: visionSettings.storageUrl,
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
};

export type SegmentationSettings = SettingValues<typeof segmentationSettings>;
