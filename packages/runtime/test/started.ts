import type { ConnectRouter } from '@connectrpc/connect';
import { createLogger, type RunningServer, type ServeOptions, serve } from '../src/index.ts';

/** A server on a free loopback port, with a logger that says nothing. */
export function started(
  routes: (router: ConnectRouter) => void,
  o: Partial<Omit<ServeOptions, 'routes'>> = {},
): Promise<RunningServer> {
  return serve({
    name: 'test',
    host: '127.0.0.1',
    port: 0,
    logger: createLogger({ service: 'test', level: 'silent' }),
    routes,
    readiness: {},
    ...o,
  });
}
