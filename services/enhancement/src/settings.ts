import { portSetting, type SettingValues, serverSettings } from '@irisvue/runtime';
import { visionSettings } from '@irisvue/vision';

/** What a slot reads; the service hands its own values on. */
export const slotSettings = {
  storageUrl: visionSettings.storageUrl,
  modelsDir: visionSettings.modelsDir,
};

/** Every knob of the enhancement service. */
export const enhancementSettings = {
  ...serverSettings,
  ...visionSettings,
  ...slotSettings,
  port: portSetting(8092),
};

export type EnhancementSettings = SettingValues<typeof enhancementSettings>;
