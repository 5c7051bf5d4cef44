import { loadSettings, runMain, startMetrics, startTelemetry } from '@irisvue/runtime';
import { startApp } from './app.ts';
import { consentSettings } from './settings.ts';

runMain('consent', async () => {
  const settings = loadSettings(consentSettings);
  const running = new AsyncDisposableStack();
  running.use(startTelemetry({ service: 'consent', traceFile: settings.traceFile, otlpUrl: settings.otlpUrl }));
  running.use(await startMetrics({ service: 'consent', host: settings.host, port: settings.metricsPort }));
  running.use(await startApp(settings));
  return running;
});
