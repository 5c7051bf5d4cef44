import type { RunningServer } from '@irisvue/runtime';
import { startVisionServer } from '@irisvue/vision';
import { segmentationRoutes } from './segmentation-service.ts';
import type { SegmentationSettings } from './settings.ts';

/** Longest time that a segmentation may take: a hundred times what a photo of 12 megapixels needs. */
const timeLimitMs = 120_000;

/** The segmentation service: a server and its slots. Disposing stops the server, then the slots. */
export function createApp(settings: SegmentationSettings): Promise<RunningServer> {
  return startVisionServer({
    name: 'segmentation',
    settings,
    slotEntry: new URL('./slot.ts', import.meta.url),
    slotEnv: {
      IRISVUE_MIN_IRIS_PX: String(settings.minIrisPx),
      IRISVUE_MIN_VISIBLE_PERCENT: String(settings.minVisiblePercent),
    },
    withoutModel: 'no model: irises are found by the classical method',
    timeLimitMs,
    routes: segmentationRoutes,
  });
}
