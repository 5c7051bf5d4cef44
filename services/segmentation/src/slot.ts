import { SegmentationService } from '@irisvue/contracts/irisvue/segmentation/v1/segmentation_service';
import { loadSettings } from '@irisvue/runtime';
import { openStore } from '@irisvue/storage';
import { serveSlot, step } from '@irisvue/vision';
import { openIrisModel } from './iris-model.ts';
import { segmentObject } from './segment-object.ts';
import { slotSettings } from './settings.ts';

// A slot process: one photo at a time.
serveSlot({
  load: async (share) => {
    const { storageUrl, modelsDir, ...limits } = loadSettings(slotSettings);
    const store = await openStore(storageUrl);
    const model = await openIrisModel(modelsDir, share);
    const place = { store, model, limits, device: share.device };
    return {
      models: model ? [model.model] : [],
      steps: [step(SegmentationService.method.segment, (request, signal) => segmentObject(request, place, signal))],
    };
  },
});
