import type { Client } from '@connectrpc/connect';
import type { EnhancementService } from '@irisvue/contracts/irisvue/enhancement/v1/enhancement_service';
import type { FusionService } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import type { Rejection } from '@irisvue/contracts/irisvue/media/v1/media';
import type { SegmentationService } from '@irisvue/contracts/irisvue/segmentation/v1/segmentation_service';
import type { JobRow } from '../change-job.ts';
import type { Checkpoint } from '../queue-store.ts';
import type { JobStepName } from '../schema.ts';

/** The vision services. */
export interface VisionClients {
  readonly segmentation: Client<typeof SegmentationService>;
  readonly enhancement: Client<typeof EnhancementService>;
  readonly fusion: Client<typeof FusionService>;
}

/** What one call of a vision service tells, in order: progress, and at last one outcome. */
export type StepEvent =
  | { readonly type: 'progress'; readonly step: JobStepName; readonly fraction: number }
  | ({ readonly type: 'done' } & Pick<Checkpoint, 'outcome' | 'provenance' | 'photo'>)
  | { readonly type: 'refused'; readonly rejection: Rejection };

/** How a step's call is made. */
export interface StepCall {
  readonly job: JobRow;
  readonly signal: AbortSignal;
  /** Carries the capability. */
  readonly headers: Readonly<Record<string, string>>;
}
