import { loadSettings, runMain, startMetrics, startTelemetry } from '@irisvue/runtime';
import { startApp } from './app.ts';
import { identitySettings } from './settings.ts';

runMain('identity', async () => {
  const settings = loadSettings(identitySettings);
  const running = new AsyncDisposableStack();
  running.use(startTelemetry({ service: 'identity', traceFile: settings.traceFile, otlpUrl: settings.otlpUrl }));
  running.use(await startMetrics({ service: 'identity', host: settings.host, port: settings.metricsPort }));
  running.use(await startApp(settings));
  return running;
});
