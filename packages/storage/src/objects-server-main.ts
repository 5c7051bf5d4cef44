import { createLogger, runMain, startMetrics } from '@irisvue/runtime';
import { startObjectsServer } from './objects-server.ts';
import { loadObjectsServerConfig } from './objects-server-config.ts';

runMain('objects', async () => {
  const { storageUrl, host, port, metricsPort, allowedOrigins, logLevel } = loadObjectsServerConfig();
  const running = new AsyncDisposableStack();
  running.use(await startMetrics({ service: 'objects', host, port: metricsPort }));
  const logger = createLogger({ service: 'objects', level: logLevel });
  running.use(await startObjectsServer({ disk: storageUrl, host, port, allowedOrigins, logger }));
  return running;
});
