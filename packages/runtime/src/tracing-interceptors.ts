import { Code, ConnectError, type Interceptor, type StreamRequest, type UnaryRequest } from '@connectrpc/connect';
import {
  type Attributes,
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { mapStream } from './map-stream.ts';
import { TRACER_NAME } from './telemetry.ts';

type AnyRequest = UnaryRequest | StreamRequest;

const headerGetter: TextMapGetter<Headers> = {
  keys: (headers) => [...headers.keys()],
  get: (headers, key) => headers.get(key) ?? undefined,
};
const headerSetter: TextMapSetter<Headers> = { set: (headers, key, value) => headers.set(key, value) };

/** Makes a server span for each call, as a child of the caller's span (W3C traceparent), active in the handler. */
export const serverTracing: Interceptor = (next) => (request) => {
  const parent = propagation.extract(context.active(), request.header, headerGetter);
  return traced(request, SpanKind.SERVER, parent, {}, next);
};

/** Makes a client span for each call to the `peer` at an address and port, and sends it along as traceparent. */
export function clientTracing(peer: string, at: { readonly address: string; readonly port: number }): Interceptor {
  const attributes = { 'peer.service': peer, 'server.address': at.address, 'server.port': at.port };
  return (next) => (request) =>
    traced(request, SpanKind.CLIENT, context.active(), attributes, (call) => {
      propagation.inject(context.active(), call.header, headerSetter);
      return next(call);
    });
}

async function traced(
  request: AnyRequest,
  kind: SpanKind,
  parent: Context,
  attributes: Attributes,
  next: Parameters<Interceptor>[0],
): ReturnType<Parameters<Interceptor>[0]> {
  // Names of attributes: OpenTelemetry semantic conventions for RPC.
  const span = trace.getTracer(TRACER_NAME).startSpan(
    `${request.service.typeName}/${request.method.name}`,
    {
      kind,
      attributes: { ...attributes, 'rpc.service': request.service.typeName, 'rpc.method': request.method.name },
    },
    parent,
  );
  const active = trace.setSpan(parent, span);
  try {
    const response = await context.with(active, () => next(request));
    if (!response.stream) {
      span.end();
      return response;
    }
    // The span of a stream ends with its last message, its error, or when the reader leaves.
    const message = mapStream(response.message, async (step) => {
      try {
        const result = await context.with(active, step);
        if (result.done) {
          span.end();
        }
        return result;
      } catch (error) {
        endFailed(span, error);
        throw error;
      }
    });
    return { ...response, message };
  } catch (error) {
    endFailed(span, error);
    throw error;
  }
}

function endFailed(span: Span, error: unknown): void {
  const code = ConnectError.from(error).code;
  span.setAttribute('rpc.connect_rpc.error_code', Code[code]);
  if (code !== Code.Canceled) {
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
