import { create } from '@bufbuild/protobuf';
import { type Rejection, RejectionReason, RejectionSchema } from '@irisvue/contracts/irisvue/media/v1/media';

export { RejectionReason };

/** Why a photo cannot be used: a result, not an error. `measured` and `limit` are in `unit`; both 0 when nothing was measured. */
export interface PhotoRejection {
  readonly reason: RejectionReason;
  readonly message: string;
  readonly suggestion: string;
  readonly measured: number;
  readonly limit: number;
  readonly unit: string;
}

export function rejectionToMessage(rejection: PhotoRejection): Rejection {
  return create(RejectionSchema, rejection);
}
