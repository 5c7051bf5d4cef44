import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { SegmentationService, SegmentStep } from '@irisvue/contracts/irisvue/segmentation/v1/segmentation_service';
import { DomainError, ErrorReason } from '@irisvue/runtime';
import { serveSlot, step } from '../src/index.ts';

// A slot for tests: the request's mask key says what to do, for one that lingers the crop key until which file is there.
serveSlot({
  load: async ({ threads }) => {
    const { TINY_SLOT_BROKEN, TINY_SLOT_BROKEN_BY } = process.env;
    if (TINY_SLOT_BROKEN || (TINY_SLOT_BROKEN_BY && existsSync(TINY_SLOT_BROKEN_BY)))
      throw new Error('the weights are not there');
    return {
      models: [],
      steps: [
        step(SegmentationService.method.segment, async function* ({ maskKey, cropKey }) {
          yield progress(0.25);
          switch (maskKey) {
            case 'finish':
              yield progress(1);
              yield {
                event: { case: 'segmentation' as const, value: { photoWidth: process.pid, photoHeight: threads } },
              };
              return;
            case 'linger':
              while (!existsSync(cropKey)) await delay(10);
              yield {
                event: { case: 'segmentation' as const, value: { photoWidth: process.pid, photoHeight: threads } },
              };
              return;
            case 'wait':
              await delay(60_000);
              return;
            case 'spin':
              // As a native call does: nothing else of this process runs meanwhile.
              while (true);
            case 'refuse':
              throw new DomainError(ErrorReason.NOT_FOUND, 'no such object', { resource: 'object', id: 'x' });
            default:
              throw new TypeError(`cannot ${maskKey}`);
          }
        }),
      ],
    };
  },
});

function progress(fraction: number) {
  return { event: { case: 'progress' as const, value: { step: SegmentStep.SEGMENTING, fraction } } };
}
