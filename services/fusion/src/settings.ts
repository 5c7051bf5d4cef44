import { portSetting, type SettingValues, serverSettings, setting } from '@irisvue/runtime';
import { visionSettings } from '@irisvue/vision';
import { z } from 'zod';

/** What a slot reads; the service hands its own environment on. */
export const slotSettings = {
  storageUrl: visionSettings.storageUrl,
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
};

export type FusionSettings = SettingValues<typeof fusionSettings>;
