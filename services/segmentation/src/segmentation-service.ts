import type { ConnectRouter } from '@connectrpc/connect';
import { SegmentationService } from '@irisvue/contracts/irisvue/segmentation/v1/segmentation_service';
import { requireService } from '@irisvue/runtime';
import type { VisionDoor } from '@irisvue/vision';

/** Name of this step in capability tokens. */
const STEP = 'segmenting';

/** Mounts SegmentationService: only jobs may call, with the capability of this job, step and attempt; the work is a slot's. */
export function segmentationRoutes(router: ConnectRouter, { pool, verifyCapability }: VisionDoor): void {
  router.service(SegmentationService, {
    async *segment(request, context) {
      requireService(context, 'jobs');
      await verifyCapability(context, { jobId: request.jobId, step: STEP, attempt: request.attempt });
      yield* pool.run(SegmentationService.method.segment, request, context.signal);
    },
  });
}
