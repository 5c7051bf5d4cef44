import type { RunningServer } from '@irisvue/runtime';
import { startVisionServer } from '@irisvue/vision';
import { enhancementRoutes } from './enhancement-service.ts';
import type { EnhancementSettings } from './settings.ts';

/** Longest time that one step may take: about thirty times what a photo of 12 megapixels needs. */
const timeLimitMs = 120_000;

/** The enhancement service: a server and its slots. Disposing stops the server, then the slots. */
export function createApp(settings: EnhancementSettings): Promise<RunningServer> {
  return startVisionServer({
    name: 'enhancement',
    settings,
    slotEntry: new URL('./slot.ts', import.meta.url),
    withoutModel: 'no model: pictures are enlarged by Lanczos',
    timeLimitMs,
    routes: enhancementRoutes,
  });
}
