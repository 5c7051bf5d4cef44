import type { DescMethod, DescMethodServerStreaming, DescMethodUnary, DescService, Message } from '@bufbuild/protobuf';
import { ConnectError, type ConnectRouter, type HandlerContext, type Transport } from '@connectrpc/connect';
import { DomainError, ErrorReason, stoppingSignal } from '@irisvue/runtime';

// What a client's call brings along besides its message. The trace goes on by itself, as parent of the new span.
const REQUEST_HEADERS = ['authorization', 'accept-language'];

// Headers of one hop: each connection writes its own.
const HOP_HEADERS =
  /^(:|grpc-|connect-|trailer|content-|accept-|transfer-|date$|connection$|keep-alive$|te$|upgrade$)/i;

/** Where calls go, and whose they are. */
export interface ForwardTarget {
  readonly transport: Transport;
  /** The client's IP address; the upstream reads it as X-Forwarded-For, in which it is the only entry. */
  readonly addressOf: (context: HandlerContext) => string;
}

/**
 * Mounts a service whose every call is passed on: message, token, remaining deadline, abort, and back come headers,
 * trailers, errors with their details. Unary and server-streaming methods; throws for any other kind.
 */
export function forwardService(router: ConnectRouter, service: DescService, target: ForwardTarget): void {
  for (const method of service.methods) {
    forwardMethod(router, method, target);
  }
}

function forwardMethod(router: ConnectRouter, method: DescMethod, target: ForwardTarget): void {
  const kind = method.methodKind;
  switch (kind) {
    case 'unary': {
      const unary = method as DescMethodUnary;
      router.rpc(unary, (request, context) => passUnary(unary, request, context, target));
      break;
    }
    case 'server_streaming': {
      const streaming = method as DescMethodServerStreaming;
      router.rpc(streaming, (request, context) => passStream(streaming, request, context, target));
      break;
    }
    case 'client_streaming':
    case 'bidi_streaming':
      throw new Error(`${method.parent.typeName}/${method.name}: browsers cannot call ${kind} methods`);
    default:
      unreachable(kind);
  }
}

async function passUnary(method: DescMethodUnary, request: Message, context: HandlerContext, target: ForwardTarget) {
  try {
    const headers = requestHeaders(context, target);
    const response = await target.transport.unary(method, context.signal, context.timeoutMs(), headers, request);
    copyHeaders(response.header, context.responseHeader);
    copyHeaders(response.trailer, context.responseTrailer);
    return response.message;
  } catch (error) {
    throw passedOn(error);
  }
}

async function* passStream(
  method: DescMethodServerStreaming,
  request: Message,
  context: HandlerContext,
  target: ForwardTarget,
) {
  const stopping = stoppingSignal(context);
  // A stream may have no end. When the gateway stops it leaves at once, so that the client comes back elsewhere.
  const signal = AbortSignal.any([context.signal, stopping]);
  try {
    const headers = requestHeaders(context, target);
    const response = await target.transport.stream(method, signal, context.timeoutMs(), headers, once(request));
    copyHeaders(response.header, context.responseHeader);
    yield* response.message;
    copyHeaders(response.trailer, context.responseTrailer);
  } catch (error) {
    if (stopping.aborted && !context.signal.aborted) {
      throw new DomainError(ErrorReason.DEPENDENCY_DOWN, 'the gateway is stopping', { dependency: 'gateway' });
    }
    throw passedOn(error);
  }
}

async function* once<T>(message: T): AsyncIterable<T> {
  yield message;
}

function requestHeaders(context: HandlerContext, target: ForwardTarget): Headers {
  const headers = new Headers({ 'x-forwarded-for': target.addressOf(context) });
  for (const name of REQUEST_HEADERS) {
    const value = context.requestHeader.get(name);
    if (value !== null) {
      headers.set(name, value);
    }
  }
  return headers;
}

function copyHeaders(from: Headers, to: Headers): void {
  from.forEach((value, name) => {
    if (!HOP_HEADERS.test(name)) {
      to.append(name, value);
    }
  });
}

/** The upstream's error with its code, details and own metadata, without the headers of the hop that it came by. */
function passedOn(error: unknown): unknown {
  if (!(error instanceof ConnectError)) {
    return error;
  }
  const metadata = new Headers();
  copyHeaders(error.metadata, metadata);
  const copy = new ConnectError(error.rawMessage, error.code, metadata, undefined, error);
  copy.details = error.details;
  return copy;
}

function unreachable(kind: never): never {
  throw new Error(`a kind of method that is not known: ${kind}`);
}
