import { FusionService } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { createLogger, loadSettings } from '@irisvue/runtime';
import { openStore } from '@irisvue/storage';
import { serveSlot, step } from '@irisvue/vision';
import { compose } from './compose.ts';
import { fuse } from './fuse.ts';
import { loadOpencv } from './opencv-engine.ts';
import { slotSettings } from './settings.ts';

// A slot process: one fusion or composition at a time.
serveSlot({
  load: async () => {
    const settings = loadSettings(slotSettings);
    const logger = createLogger({ service: 'fusion', level: settings.logLevel });
    const store = await openStore(settings.storageUrl);
    const opencv = settings.opencvDir ? loadOpencv(settings.opencvDir) : undefined;
    const onEngineError = (error: unknown) => logger.error({ err: error }, 'the engine failed; alpha blending instead');
    return {
      models: [],
      steps: [
        step(FusionService.method.fuse, (request, signal) => fuse(request, { store, opencv, onEngineError, signal })),
        step(FusionService.method.compose, (request, signal) => compose(request, { store, signal })),
      ],
    };
  },
});
