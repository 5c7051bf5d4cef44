import { createRequire } from 'node:module';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import type * as otlp from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { fileSpanExporter } from './file-span-exporter.ts';

/** Name under which this package makes spans. */
export const TRACER_NAME = 'irisvue';

/**
 * Starts tracing for this process: W3C trace context, spans to `traceFile` (one JSON object a line) and to `otlpUrl`
 * (OTLP over HTTP) where they are given. With neither, spans still carry ids, so that logs and errors can be joined.
 * Disposing flushes what is pending. Call it once, before serve().
 */
export function startTelemetry(o: {
  readonly service: string;
  readonly traceFile?: string;
  readonly otlpUrl?: string;
}): AsyncDisposable {
  const spanProcessors = [
    ...(o.traceFile === undefined ? [] : [new SimpleSpanProcessor(fileSpanExporter(o.traceFile))]),
    ...(o.otlpUrl === undefined ? [] : [new BatchSpanProcessor(otlpExporter(o.otlpUrl))]),
  ];
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': o.service }),
    spanProcessors,
  });
  // Baggage is left out on purpose: it would carry whatever a client sends through the whole mesh.
  provider.register({ propagator: new W3CTraceContextPropagator() });
  return {
    [Symbol.asyncDispose]: async () => {
      await provider.shutdown();
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}

// Loaded only when it is used: it costs every process about 20 MiB and a tenth of a second.
function otlpExporter(url: string): otlp.OTLPTraceExporter {
  const { OTLPTraceExporter } = createRequire(import.meta.url)(
    '@opentelemetry/exporter-trace-otlp-http',
  ) as typeof otlp;
  return new OTLPTraceExporter({ url });
}

/** The active trace as headers (traceparent, tracestate), to put into a message; empty without an active trace. */
export function currentTraceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
}

/**
 * Runs `fn` in a consumer span that continues the trace in `headers`, for work that a message started. The span gets
 * the error when `fn` throws, and the error is thrown on.
 */
export function withRemoteTrace<T>(
  headers: Readonly<Record<string, string>>,
  spanName: string,
  fn: () => Promise<T>,
): Promise<T> {
  const parent = propagation.extract(context.active(), headers);
  return trace.getTracer(TRACER_NAME).startActiveSpan(spanName, { kind: SpanKind.CONSUMER }, parent, async (span) => {
    try {
      return await fn();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}
