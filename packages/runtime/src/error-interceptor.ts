import { randomBytes } from 'node:crypto';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { ValidationError } from '@bufbuild/protovalidate';
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import { ErrorDetailSchema, ErrorReason } from '@irisvue/contracts/irisvue/errors/v1/errors';
import { isSpanContextValid, trace } from '@opentelemetry/api';
import { catchErrors } from './catch-errors.ts';
import { codeOfReason, DomainError, errorDetail, toConnectError } from './errors.ts';
import type { Logger } from './log.ts';
import { upstreamOf } from './upstream-errors.ts';

/**
 * The one boundary where errors become codes. A DomainError gets its reason's code and an ErrorDetail; a broken field
 * rule gets INVALID_FIELD beside the violations; whatever else is thrown becomes INTERNAL with a trace_id under which
 * the log holds the cause. Nothing of an unknown error reaches the wire.
 */
export function errorInterceptor(logger: Logger): Interceptor {
  return (next) => (request) => {
    const rpc = `${request.service.typeName}/${request.method.name}`;
    return catchErrors((error) => toWire(error, { signal: request.signal, rpc, logger }))(next)(request);
  };
}

interface Call {
  readonly signal: AbortSignal;
  readonly rpc: string;
  readonly logger: Logger;
}

function toWire(error: unknown, call: Call): ConnectError {
  if (error instanceof DomainError) {
    logOutage(error, error.reason, call);
    return toConnectError(error);
  }
  if (call.signal.aborted) {
    return endedByCaller(call.signal);
  }
  if (error instanceof ConnectError) {
    if (error.cause instanceof ValidationError) {
      return withFieldDetail(error, error.cause);
    }
    const detail = errorDetail(error);
    if (detail !== undefined && !blamesUs(error, detail.reason)) {
      logOutage(error, detail.reason, call);
      return withCodeOf(detail.reason, error);
    }
    if (error.code === Code.Unimplemented && upstreamOf(error) === undefined) {
      return error;
    }
  }
  return internal(error, call);
}

// The caller learns which dependency is down; the log holds how it failed.
function logOutage(error: Error, reason: ErrorReason, call: Call): void {
  if (reason === ErrorReason.DEPENDENCY_DOWN) {
    call.logger.warn({ err: error, rpc: call.rpc }, 'a dependency is down');
  }
}

// A peer's headers are between it and us; only the reason and its facts go on.
function withCodeOf(reason: ErrorReason, error: ConnectError): ConnectError {
  const metadata = upstreamOf(error) === undefined ? error.metadata : undefined;
  const translated = new ConnectError(error.rawMessage, codeOfReason(reason), metadata, undefined, error);
  translated.details = error.details;
  return translated;
}

// A handler that stops because its signal fired throws whatever its last await gave it. What counts is why it fired.
function endedByCaller(signal: AbortSignal): ConnectError {
  if (signal.reason instanceof ConnectError) {
    return new ConnectError(signal.reason.rawMessage, signal.reason.code);
  }
  return new ConnectError('the call was cancelled', Code.Canceled);
}

function withFieldDetail(error: ConnectError, cause: ValidationError): ConnectError {
  const first = cause.violations[0];
  if (first !== undefined) {
    const metadata = { field: pathToString(first.field), limit: first.message, rule: first.ruleId };
    error.details.unshift({ desc: ErrorDetailSchema, value: { reason: ErrorReason.INVALID_FIELD, metadata } });
  }
  return error;
}

// A reason that a peer named is meant for the caller, too. But a peer that refused *our* token or capability tells of
// our own mistake: the caller, whose token is good, must not read it as theirs.
function blamesUs(error: ConnectError, reason: ErrorReason): boolean {
  const refusals: readonly ErrorReason[] = [
    ErrorReason.TOKEN_INVALID,
    ErrorReason.NOT_ALLOWED,
    ErrorReason.CAPABILITY_INVALID,
  ];
  return upstreamOf(error) !== undefined && refusals.includes(reason);
}

function internal(error: unknown, call: Call): ConnectError {
  const traceId = currentTraceId();
  call.logger.error({ err: error, rpc: call.rpc, trace_id: traceId }, 'a call failed unexpectedly');
  return toConnectError(
    new DomainError(ErrorReason.INTERNAL, 'internal error; the log holds its cause under trace_id', {
      trace_id: traceId,
    }),
  );
}

// Without an active trace the id is made up, so that the answer and the log still meet.
function currentTraceId(): string {
  const context = trace.getActiveSpan()?.spanContext();
  return context !== undefined && isSpanContextValid(context) ? context.traceId : randomBytes(16).toString('hex');
}
