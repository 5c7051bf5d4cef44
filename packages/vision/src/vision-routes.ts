import type { ConnectRouter } from '@connectrpc/connect';
import { VisionService } from '@irisvue/contracts/irisvue/vision/v1/vision_service';
import { requireService } from '@irisvue/runtime';
import type { SlotPool } from './slot-pool.ts';

/** Mounts VisionService: device, slots and models of this process, for services of the mesh. */
export function visionRoutes(router: ConnectRouter, pool: Pick<SlotPool, 'capabilities'>): void {
  router.service(VisionService, {
    getCapabilities: (_request, context) => {
      requireService(context, 'jobs');
      const { device, slots, freeSlots, threadsPerSlot, models } = pool.capabilities;
      return { device, slots, freeSlots, threadsPerSlot, models: [...models] };
    },
  });
}
