import { randomBytes } from 'node:crypto';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { ValidationError } from '@bufbuild/protovalidate';
import { Code, ConnectError, type Interceptor, type StreamResponse } from '@connectrpc/connect';
import { ErrorDetailSchema, ErrorReason } from '@irisvue/contracts/irisvue/errors/v1/errors';
import { isSpanContextValid, trace } from '@opentelemetry/api';
import { DomainError, errorDetail, toConnectError } from './errors.ts';
import type { Logger } from './log.ts';
import { mapStream } from './map-stream.ts';
import { upstreamOf } from './upstream-errors.ts';

/**
 * The one boundary where errors become codes. A DomainError gets its reason's code and an ErrorDetail; a broken field
 * rule gets INVALID_FIELD beside the violations; whatever else is thrown becomes INTERNAL with a trace_id under which
 * the log holds the cause. Nothing of an unknown error reaches the wire.
 */
export function errorInterceptor(logger: Logger): Interceptor {
  return (next) => async (request) => {
    const translate = (error: unknown): ConnectError =>
      toWire(error, { signal: request.signal, rpc: `${request.service.typeName}/${request.method.name}`, logger });
    try {
      const response = await next(request);
      return response.stream ? { ...response, message: translated(response, translate) } : response;
    } catch (error) {
      throw translate(error);
    }
  };
}

function translated(response: StreamResponse, translate: (error: unknown) => ConnectError) {
  return mapStream(response.message, async (step) => {
    try {
      return await step();
    } catch (error) {
      throw translate(error);
    }
  });
}

interface Call {
  readonly signal: AbortSignal;
  readonly rpc: string;
  readonly logger: Logger;
}

function toWire(error: unknown, call: Call): ConnectError {
  if (error instanceof DomainError) {
    return toConnectError(error);
  }
  if (call.signal.aborted) {
    return endedByCaller(call.signal);
  }
  if (error instanceof ConnectError) {
    if (error.cause instanceof ValidationError) {
      return withFieldDetail(error, error.cause);
    }
    if (maySurface(error)) {
      return error;
    }
  }
  return internal(error, call);
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

// A named reason is meant for the caller, also when a peer gave it. But a peer that refused *our* token tells of our
// own mistake: the caller, whose token is good, must not read it as theirs.
function maySurface(error: ConnectError): boolean {
  if (error.code === Code.Unimplemented) {
    return upstreamOf(error) === undefined;
  }
  const ours = upstreamOf(error) !== undefined && [Code.Unauthenticated, Code.PermissionDenied].includes(error.code);
  return errorDetail(error) !== undefined && !ours;
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
