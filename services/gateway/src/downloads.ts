import {
  type ErrorDetail,
  ErrorReason,
  errorDetail,
  type HttpResponse,
  type Logger,
  type PlainHttp,
  sendJson,
} from '@irisvue/runtime';
import type { RateLimits } from './rate-limit.ts';

const TOKEN = /^[A-Za-z0-9._~-]{1,2000}$/;

/**
 * GET {folder}{token}: 302 to a presigned URL of the object store, never cached. A link is a bearer's: no user token is
 * asked. Otherwise JSON {"error": {reason, message, metadata}}: 404 unknown, 410 expired or revoked, 403 forbidden, 429
 * too many, 503 while the service that `resolve` asks is down.
 */
export function downloadPath(o: {
  /** For example "/v1/downloads/". */
  readonly folder: string;
  /** Gives the URL that a token stands for. */
  readonly resolve: (token: string) => Promise<{ readonly url: string }>;
  readonly limits: RateLimits;
  readonly addressOf: (request: Parameters<PlainHttp>[0]) => string;
  readonly logger: Logger;
}): PlainHttp {
  return (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const token = path.startsWith(o.folder) ? path.slice(o.folder.length) : '';
    if (!TOKEN.test(token) || (request.method !== 'GET' && request.method !== 'HEAD')) {
      return false;
    }
    const redirect = async (): Promise<void> => {
      await o.limits.consume('address', o.addressOf(request));
      const { url } = await o.resolve(token);
      response.statusCode = 302;
      response.setHeader('Location', url);
      response.setHeader('Cache-Control', 'no-store');
      response.setHeader('Referrer-Policy', 'no-referrer');
      response.end();
    };
    redirect().catch((error: unknown) => refuse(response, error, o.logger));
    return true;
  };
}

function refuse(response: HttpResponse, error: unknown, logger: Logger): void {
  const detail = errorDetail(error);
  const status = detail === undefined ? 500 : statusOf(detail.reason);
  if (status >= 500) {
    logger.error({ err: error }, 'a download link could not be resolved');
  }
  const reason = status === 500 ? 'INTERNAL' : nameOf(detail!);
  const headers = status === 429 || status === 503 ? { 'retry-after': retryAfterSeconds(detail!) } : undefined;
  const metadata = status === 500 ? {} : detail!.metadata;
  sendJson(response, status, { error: { reason, message: MESSAGES[status], metadata } }, headers);
}

const MESSAGES: Readonly<Record<number, string>> = {
  403: 'This link may not be used any more.',
  404: 'There is no such link.',
  410: 'This link expired or was revoked. Ask for a new one.',
  429: 'Too many requests. Try again later.',
  500: 'Something went wrong on our side.',
  503: 'Downloads are not available right now. Try again soon.',
};

function statusOf(reason: ErrorReason): keyof typeof MESSAGES {
  switch (reason) {
    case ErrorReason.NOT_FOUND:
    case ErrorReason.INVALID_FIELD:
      return 404;
    case ErrorReason.LINK_INVALID:
      return 410;
    case ErrorReason.CONSENT_REQUIRED:
      return 403;
    case ErrorReason.RATE_LIMITED:
      return 429;
    case ErrorReason.DEPENDENCY_DOWN:
      return 503;
    default:
      // Also a refusal of the gateway's own token: that is our fault, not the link's.
      return 500;
  }
}

function nameOf(detail: ErrorDetail): string {
  const found = Object.entries(ErrorReason).find(([, reason]) => reason === detail.reason);
  return found?.[0] ?? 'INTERNAL';
}

function retryAfterSeconds(detail: ErrorDetail): string {
  return String(Math.ceil(Number(detail.metadata['retry_after_ms'] ?? 1_000) / 1_000));
}
