import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { type ErrorDetail, ErrorDetailSchema, ErrorReason } from '@irisvue/contracts/irisvue/errors/v1/errors';

export { type ErrorDetail, ErrorReason };

// The one table from reason to code; errors.proto says the same in words.
const CODES = {
  UNSPECIFIED: Code.Internal,
  TOKEN_INVALID: Code.Unauthenticated,
  NOT_ALLOWED: Code.PermissionDenied,
  NOT_FOUND: Code.NotFound,
  ALREADY_EXISTS: Code.AlreadyExists,
  CONSENT_REQUIRED: Code.FailedPrecondition,
  NOTICE_OUTDATED: Code.FailedPrecondition,
  PHOTO_NOT_UPLOADED: Code.FailedPrecondition,
  UPLOAD_MISMATCH: Code.FailedPrecondition,
  SOURCE_NOT_PROCESSED: Code.FailedPrecondition,
  NO_FREE_SLOT: Code.ResourceExhausted,
  RATE_LIMITED: Code.ResourceExhausted,
  INVALID_FIELD: Code.InvalidArgument,
  DEPENDENCY_DOWN: Code.Unavailable,
  INTERNAL: Code.Internal,
  SUBJECT_KIND_NOT_ALLOWED: Code.PermissionDenied,
  CAPABILITY_INVALID: Code.PermissionDenied,
  REQUEST_ID_REUSED: Code.Aborted,
  BAD_CREDENTIALS: Code.Unauthenticated,
  LINK_INVALID: Code.FailedPrecondition,
  EMAIL_NOT_VERIFIED: Code.FailedPrecondition,
  PROVIDER_TOKEN_INVALID: Code.Unauthenticated,
  PROVIDER_NOT_LINKED: Code.FailedPrecondition,
  PROVIDER_NOT_AVAILABLE: Code.FailedPrecondition,
  LAST_SIGN_IN_METHOD: Code.FailedPrecondition,
  CIRCLE_LIMIT_REACHED: Code.FailedPrecondition,
  OWNER_CANNOT_LEAVE: Code.FailedPrecondition,
  POLICY_NOT_IN_FORCE: Code.FailedPrecondition,
  SIGNATURE_REQUIRED: Code.FailedPrecondition,
  MINOR_NEEDS_REPRESENTATIVE: Code.FailedPrecondition,
  SUBJECT_NOT_BLOCKED: Code.FailedPrecondition,
  SUBJECT_ERASED: Code.FailedPrecondition,
  ERASURE_NOT_COMPLETED: Code.FailedPrecondition,
  TERM_NOT_EXTENDABLE: Code.FailedPrecondition,
} as const satisfies Record<keyof typeof ErrorReason, Code>;

const CODE_BY_REASON = new Map<ErrorReason, Code>(
  Object.entries(ErrorReason).map(([name, reason]) => [reason, CODES[name as keyof typeof CODES]]),
);

/** The code that a reason is sent with. A reason that this build does not know is our fault: INTERNAL. */
export function codeOfReason(reason: ErrorReason): Code {
  return CODE_BY_REASON.get(reason) ?? Code.Internal;
}

/**
 * A failure that the caller may know about: a reason and the facts that errors.proto lists for it. The message is for
 * developers and crosses the wire; it holds no driver text and no personal data. The cause stays in the log.
 */
export class DomainError extends Error {
  readonly reason: ErrorReason;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(
    reason: ErrorReason,
    message: string,
    metadata: Readonly<Record<string, string>> = {},
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = 'DomainError';
    this.reason = reason;
    this.metadata = metadata;
  }
}

/** The DomainError as it crosses the wire: code, message, one ErrorDetail. */
export function toConnectError(error: DomainError): ConnectError {
  const value = { reason: error.reason, metadata: { ...error.metadata } };
  const detail = { desc: ErrorDetailSchema, value };
  return new ConnectError(error.message, codeOfReason(error.reason), undefined, [detail], error);
}

/** Reads the reason and its facts from an error that a call or a handler threw; undefined when there are none. */
export function errorDetail(error: unknown): ErrorDetail | undefined {
  if (error instanceof DomainError) {
    return create(ErrorDetailSchema, { reason: error.reason, metadata: { ...error.metadata } });
  }
  return error instanceof ConnectError ? error.findDetails(ErrorDetailSchema)[0] : undefined;
}

/** The reason of an error, or undefined: `reasonOf(error) === ErrorReason.NOT_FOUND`. */
export function reasonOf(error: unknown): ErrorReason | undefined {
  return errorDetail(error)?.reason;
}
