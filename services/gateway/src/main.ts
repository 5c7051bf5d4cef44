import { runMain, startMetrics, startTelemetry } from '@irisvue/runtime';
import { createApp } from './app.ts';
import { loadConfig } from './settings.ts';

runMain('gateway', async () => {
  const config = loadConfig();
  const running = new AsyncDisposableStack();
  running.use(startTelemetry({ service: 'gateway', traceFile: config.traceFile, otlpUrl: config.otlpUrl }));
  running.use(await startMetrics({ service: 'gateway', host: config.host, port: config.metricsPort }));
  running.use(await createApp(config));
  return running;
});
