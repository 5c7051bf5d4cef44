import { EnhancementService } from '@irisvue/contracts/irisvue/enhancement/v1/enhancement_service';
import { loadSettings } from '@irisvue/runtime';
import { openStore } from '@irisvue/storage';
import { serveSlot, step } from '@irisvue/vision';
import { enhanceObject } from './enhance-object.ts';
import { removeReflectionsFromObject } from './remove-reflections-from-object.ts';
import { slotSettings } from './settings.ts';
import { openUpscaler } from './upscaler.ts';

const { removeReflections, enhance } = EnhancementService.method;

// A slot process: one crop at a time.
serveSlot({
  load: async (share) => {
    const { storageUrl, modelsDir } = loadSettings(slotSettings);
    const store = await openStore(storageUrl);
    const upscaler = await openUpscaler(modelsDir, share);
    return {
      models: upscaler.model ? [upscaler.model] : [],
      steps: [
        step(removeReflections, (request, signal) => removeReflectionsFromObject(request, store, signal)),
        step(enhance, (request, signal) => enhanceObject(request, { store, upscaler, device: share.device }, signal)),
      ],
    };
  },
});
