import type { PlainHttp } from './http-handler.ts';
import type { Readiness } from './readiness.ts';
import { sendJson } from './send-json.ts';

/**
 * GET /livez: the process answers (200). GET /readyz: 200 when every dependency is up, else 503; the body names each:
 * {"status":"not_ready","dependencies":{"postgres":"up","nats":"down"}}.
 */
export function probePaths(o: {
  readonly name: string;
  readonly version?: string;
  readonly readiness: Readiness;
}): PlainHttp {
  return (request, response) => {
    if (request.method !== 'GET') {
      return false;
    }
    switch (request.url) {
      case '/livez':
        sendJson(response, 200, { status: 'live', service: o.name, version: o.version });
        return true;
      case '/readyz':
        o.readiness.check().then(({ ready, dependencies }) => {
          sendJson(response, ready ? 200 : 503, { status: ready ? 'ready' : 'not_ready', dependencies });
        });
        return true;
      default:
        return false;
    }
  };
}
