import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  type Erasure,
  ErasureSchema,
  ErasureState,
  type PrivacyRequest,
  PrivacyRequestKind,
  PrivacyRequestSchema,
} from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import { JURISDICTIONS } from '../consent-enums.ts';
import type { ErasureReport } from './erasures.ts';
import type { LoggedRequest } from './privacy-requests.ts';
import type { ErasureStateName } from './schema.ts';

/** States of the contract, and how far an erasure is when it comes to each, in per cent. */
const STATES = {
  blocking: { state: ErasureState.BLOCKING, progress: 0 },
  erasing: { state: ErasureState.ERASING, progress: 10 },
  purging: { state: ErasureState.PURGING, progress: 70 },
  telling: { state: ErasureState.TELLING, progress: 80 },
  verifying: { state: ErasureState.VERIFYING, progress: 90 },
  completed: { state: ErasureState.COMPLETED, progress: 100 },
} as const satisfies Record<ErasureStateName, { readonly state: ErasureState; readonly progress: number }>;

const KINDS = { erasure: PrivacyRequestKind.ERASURE, export: PrivacyRequestKind.EXPORT } as const;

/** An erasure as the contract has it. */
export function erasureMessage(row: ErasureReport): Erasure {
  return create(ErasureSchema, {
    id: row.id,
    ...STATES[row.state],
    erasedObjects: row.erasedObjects,
    erasedRows: row.erased_rows,
    purgedMessages: row.purged_messages,
    jointWorks: row.jointWorks,
    waitingFor: row.waiting_for,
    createTime: timestampFromDate(row.created_at),
    completeTime: time(row.completed_at),
  });
}

/** A request as the contract has it, with its clock at `now`. */
export function requestMessage(row: LoggedRequest, now: Date): PrivacyRequest {
  return create(PrivacyRequestSchema, {
    id: row.id,
    kind: KINDS[row.kind],
    jurisdiction: JURISDICTIONS[row.jurisdiction],
    createTime: timestampFromDate(row.created_at),
    confirmDueTime: time(row.confirm_due_at),
    confirmTime: timestampFromDate(row.confirmed_at),
    dueTime: timestampFromDate(row.due_at),
    extended: row.extended_at !== null,
    completeTime: time(row.completed_at),
    overdue: row.completed_at === null && row.due_at < now,
    events: row.events.map(({ what, happened_at }) => ({ what, time: timestampFromDate(happened_at) })),
  });
}

const time = (date: Date | null) => (date === null ? undefined : timestampFromDate(date));
