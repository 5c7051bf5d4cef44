import { isSpanContextValid, trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

// The last line of defence: these never belong in a log, and whoever logs an object by accident is covered.
const SECRET_KEYS = ['authorization', 'cookie', 'email', 'password', 'secret', 'token', 'accessToken', 'refreshToken'];

/**
 * Makes a service's logger: one JSON object a line on stdout (or `destination`), time as ISO 8601, trace_id of the
 * active span. Log ids and facts, never message bodies, tokens, e-mail addresses or bytes.
 */
export function createLogger(
  o: { readonly service: string; readonly level?: LogLevel },
  destination?: DestinationStream,
): Logger {
  return pino(
    {
      level: o.level ?? 'info',
      base: { service: o.service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: SECRET_KEYS.flatMap((key) => [key, `*.${key}`]),
      mixin: () => {
        const context = trace.getActiveSpan()?.spanContext();
        return context !== undefined && isSpanContextValid(context) ? { trace_id: context.traceId } : {};
      },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
}
