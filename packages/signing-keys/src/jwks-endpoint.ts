import { type Logger, type PlainHttp, sendJson } from '@irisvue/runtime';
import type { SigningKeys } from './signing-keys.ts';

const PATH = '/.well-known/jwks.json';
// Shorter than the lead with which a new key is published.
const MAX_AGE_SECONDS = 300;

/** Answers `GET /.well-known/jwks.json` with the public keys (RFC 7517 §5), to be cached for five minutes. */
export function jwksEndpoint(keys: Pick<SigningKeys, 'keySet'>, logger: Logger): PlainHttp {
  return (request, response) => {
    if (request.url?.split('?', 1)[0] !== PATH) return false;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      sendJson(response, 405, { code: 'method_not_allowed' }, { allow: 'GET, HEAD' });
      return true;
    }
    keys.keySet().then(
      (set) => sendJson(response, 200, set, { 'cache-control': `public, max-age=${MAX_AGE_SECONDS}` }),
      (error: unknown) => {
        logger.error({ err: error }, 'the key set could not be had');
        sendJson(response, 503, { code: 'unavailable' });
      },
    );
    return true;
  };
}
