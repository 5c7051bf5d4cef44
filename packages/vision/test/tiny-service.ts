import { SegmentationService } from '@irisvue/contracts/irisvue/segmentation/v1/segmentation_service';
import { createLogger } from '@irisvue/runtime';
import { openSlotPool } from '../src/index.ts';

// A parent with two slots, one of them held by native-like work. Tells its slots' ids and waits to be killed.
const pool = await openSlotPool({
  entry: new URL('tiny-slot.ts', import.meta.url),
  slots: 2,
  device: 'cpu',
  threadsPerSlot: 1,
  env: {},
  timeLimitMs: 60_000,
  logger: createLogger({ service: 'tiny', level: 'silent' }),
});
const call = pool.run(SegmentationService.method.segment, { maskKey: 'spin' }, new AbortController().signal);
for await (const _progress of call) process.send?.(pool.pids);
