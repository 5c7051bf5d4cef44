import { DomainError, ErrorReason, errorDetail } from '@irisvue/runtime';
import type { Texts } from './texts.ts';

const REPEAT = 'repeat';

/** INVALID_FIELD {field: "repeat"}: the new password was not given twice. */
export function passwordsDiffer(): DomainError {
  const message = 'the password was not repeated as it is';
  return new DomainError(ErrorReason.INVALID_FIELD, message, { field: REPEAT, limit: 'password' });
}

/** What a person can mend by filling the form in again; undefined when sending it again is of no use. */
export function problemOf(texts: Texts, error: unknown): string | undefined {
  const detail = errorDetail(error);
  switch (detail?.reason) {
    case ErrorReason.INVALID_FIELD:
      return detail.metadata['field'] === REPEAT ? texts.passwordsDiffer : texts.failed[detail.reason];
    case ErrorReason.BAD_CREDENTIALS:
      return texts.failed[detail.reason];
    default:
      return undefined;
  }
}
