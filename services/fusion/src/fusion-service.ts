import type { ConnectRouter } from '@connectrpc/connect';
import { FusionService } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { DomainError, ErrorReason, requireService } from '@irisvue/runtime';
import type { VisionDoor } from '@irisvue/vision';

/** Name of this step in capability tokens. */
const STEP = 'blending';
/** Longest time that a composition may take (features U6). */
const COMPOSITION_LIMIT_MS = 60_000;

/** Mounts FusionService: only jobs may call, with the capability of this job, step and attempt; the work is a slot's. */
export function fusionRoutes(router: ConnectRouter, { pool, verifyCapability }: VisionDoor): void {
  router.service(FusionService, {
    async *fuse(request, context) {
      requireService(context, 'jobs');
      await verifyCapability(context, { jobId: request.jobId, step: STEP, attempt: request.attempt });
      yield* pool.run(FusionService.method.fuse, request, context.signal);
    },
    async *compose(request, context) {
      requireService(context, 'jobs');
      await verifyCapability(context, { jobId: request.jobId, step: STEP, attempt: request.attempt });
      const limit = new AbortController();
      const timer = setTimeout(() => limit.abort(tookTooLong()), COMPOSITION_LIMIT_MS);
      try {
        yield* pool.run(FusionService.method.compose, request, AbortSignal.any([context.signal, limit.signal]));
      } finally {
        clearTimeout(timer);
      }
    },
  });
}

function tookTooLong(): DomainError {
  const message = `the composition took longer than ${COMPOSITION_LIMIT_MS} ms`;
  return new DomainError(ErrorReason.DEPENDENCY_DOWN, message, { dependency: 'slot' });
}
