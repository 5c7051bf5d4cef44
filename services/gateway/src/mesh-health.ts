import type { Client } from '@connectrpc/connect';
import { type Health, HealthCheckResponse_ServingStatus as Status } from '@irisvue/contracts/grpc/health/v1/health';
import { type PlainHttp, sendJson } from '@irisvue/runtime';

/** State of one service: it works, it waits for something of its own, or it does not answer. */
export type ServiceState = 'serving' | 'not_serving' | 'unreachable';

/** What /healthz says. */
export interface MeshHealth {
  readonly status: 'ok' | 'degraded';
  readonly version: string;
  readonly services: Readonly<Record<string, ServiceState>>;
}

/** GET /healthz: version and the state of each service; 200 when all serve, else 503. Asks all of them at once. */
export function healthzPath(version: string, services: Readonly<Record<string, Client<typeof Health>>>): PlainHttp {
  return (request, response) => {
    if (request.method !== 'GET' || request.url !== '/healthz') {
      return false;
    }
    meshHealth(version, services).then((health) => sendJson(response, health.status === 'ok' ? 200 : 503, health));
    return true;
  };
}

async function meshHealth(
  version: string,
  services: Readonly<Record<string, Client<typeof Health>>>,
): Promise<MeshHealth> {
  const states = await Promise.all(
    Object.entries(services).map(async ([name, client]) => [name, await stateOf(client)] as const),
  );
  const status = states.every(([, state]) => state === 'serving') ? 'ok' : 'degraded';
  return { status, version, services: Object.fromEntries(states) };
}

async function stateOf(client: Client<typeof Health>): Promise<ServiceState> {
  try {
    const { status } = await client.check({});
    return status === Status.SERVING ? 'serving' : 'not_serving';
  } catch {
    // Whatever went wrong, the answer is the same: it did not say that it serves.
    return 'unreachable';
  }
}
