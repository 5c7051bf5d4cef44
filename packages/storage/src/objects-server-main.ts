import { createLogger, runMain } from '@irisvue/runtime';
import { startObjectsServer } from './objects-server.ts';
import { loadObjectsServerConfig } from './objects-server-config.ts';

runMain('objects', async () => {
  const config = loadObjectsServerConfig();
  return startObjectsServer({
    disk: config.storageUrl,
    host: config.host,
    port: config.port,
    allowedOrigins: config.allowedOrigins,
    logger: createLogger({ service: 'objects', level: config.logLevel }),
  });
});
