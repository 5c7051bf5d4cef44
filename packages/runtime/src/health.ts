import { setTimeout as delay } from 'node:timers/promises';
import type { DescService } from '@bufbuild/protobuf';
import type { ConnectRouter } from '@connectrpc/connect';
import { Health, HealthCheckResponse_ServingStatus as Status } from '@irisvue/contracts/grpc/health/v1/health';
import { DomainError, ErrorReason } from './errors.ts';
import type { Readiness } from './readiness.ts';
import { stoppingSignal } from './stopping.ts';

// How often a watcher's server looks at its dependencies.
const WATCH_INTERVAL_MS = 1_000;

/**
 * gRPC health, grpc.health.v1: the state of the server ("") and of each served service, all of which is readiness.
 * Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export function healthRoutes(router: ConnectRouter, readiness: Readiness, served: ReadonlySet<DescService>): void {
  const names = ['', ...[...served].map((service) => service.typeName), Health.typeName];
  const status = async (): Promise<Status> => ((await readiness.check()).ready ? Status.SERVING : Status.NOT_SERVING);

  router.service(Health, {
    async check(request) {
      if (!names.includes(request.service)) {
        throw new DomainError(ErrorReason.NOT_FOUND, 'no such service', { resource: 'service', id: request.service });
      }
      return { status: await status() };
    },
    async list() {
      const now = { status: await status() };
      return { statuses: Object.fromEntries(names.map((name) => [name, now])) };
    },
    async *watch(request, context) {
      const signal = AbortSignal.any([context.signal, stoppingSignal(context)]);
      let last: Status | undefined;
      while (!context.signal.aborted) {
        const now = names.includes(request.service) ? await status() : Status.SERVICE_UNKNOWN;
        if (now !== last) {
          yield { status: now };
          last = now;
        }
        if (signal.aborted) {
          return;
        }
        await delay(WATCH_INTERVAL_MS, undefined, { signal }).catch(() => {});
      }
    },
  });
}
