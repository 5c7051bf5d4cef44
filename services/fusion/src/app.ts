import type { RunningServer } from '@irisvue/runtime';
import { startVisionServer } from '@irisvue/vision';
import { fusionRoutes } from './fusion-service.ts';
import type { FusionSettings } from './settings.ts';

/** Longest time that a fusion may take (features U6). The composition's own, shorter limit is kept at the door. */
const timeLimitMs = 180_000;

/** The fusion service: a server and its slots. Disposing stops the server, then the slots. */
export function createApp(settings: FusionSettings): Promise<RunningServer> {
  return startVisionServer({
    name: 'fusion',
    settings,
    slotEntry: new URL('./slot.ts', import.meta.url),
    slotEnv: { IRISVUE_OPENCV: settings.opencvDir ?? '', IRISVUE_LOG_LEVEL: settings.logLevel },
    timeLimitMs,
    routes: fusionRoutes,
  });
}
