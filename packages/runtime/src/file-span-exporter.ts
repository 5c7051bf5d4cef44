import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode, hrTimeToMilliseconds } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-node';

/** One line of a trace file. */
export interface SpanLine {
  /** Service that made the span. */
  readonly service: string;
  readonly name: string;
  /** INTERNAL, SERVER, CLIENT, PRODUCER or CONSUMER. */
  readonly kind: string;
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** 16 hexadecimal digits; absent for a root. */
  readonly parentSpanId?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** ISO 8601. */
  readonly start: string;
  /** ISO 8601. */
  readonly end: string;
  /** UNSET, OK or ERROR. */
  readonly status: string;
}

/**
 * Appends each ended span to a file as one JSON line. Written at once and in one piece, so that several processes may
 * share a file and a killed one loses nothing that ended before.
 */
export function fileSpanExporter(path: string): SpanExporter {
  mkdirSync(dirname(path), { recursive: true });
  return {
    export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
      try {
        appendFileSync(path, spans.map((span) => `${JSON.stringify(spanLine(span))}\n`).join(''));
        done({ code: ExportResultCode.SUCCESS });
      } catch (error) {
        done({ code: ExportResultCode.FAILED, error: error instanceof Error ? error : new Error(String(error)) });
      }
    },
    shutdown: async () => {},
  };
}

function spanLine(span: ReadableSpan): SpanLine {
  return {
    service: String(span.resource.attributes['service.name']),
    name: span.name,
    kind: SpanKind[span.kind],
    traceId: span.spanContext().traceId,
    spanId: span.spanContext().spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    attributes: span.attributes,
    start: new Date(hrTimeToMilliseconds(span.startTime)).toISOString(),
    end: new Date(hrTimeToMilliseconds(span.endTime)).toISOString(),
    status: SpanStatusCode[span.status.code],
  };
}
