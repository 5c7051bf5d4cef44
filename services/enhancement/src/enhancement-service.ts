import type { ConnectRouter } from '@connectrpc/connect';
import { EnhancementService } from '@irisvue/contracts/irisvue/enhancement/v1/enhancement_service';
import { requireService } from '@irisvue/runtime';
import type { VisionDoor } from '@irisvue/vision';

/** Names of the steps in capability tokens. */
const REMOVING_REFLECTIONS = 'removing_reflections';
const ENHANCING = 'enhancing';

/** Mounts EnhancementService: only jobs may call, with the capability of this job, step and attempt; the work is a slot's. */
export function enhancementRoutes(router: ConnectRouter, { pool, verifyCapability }: VisionDoor): void {
  const { removeReflections, enhance } = EnhancementService.method;
  router.service(EnhancementService, {
    async *removeReflections(request, context) {
      requireService(context, 'jobs');
      const { jobId, attempt } = request;
      await verifyCapability(context, { jobId, step: REMOVING_REFLECTIONS, attempt });
      yield* pool.run(removeReflections, request, context.signal);
    },
    async *enhance(request, context) {
      requireService(context, 'jobs');
      const { jobId, attempt } = request;
      await verifyCapability(context, { jobId, step: ENHANCING, attempt });
      yield* pool.run(enhance, request, context.signal);
    },
  });
}
