import { loadSettings, runMain, startMetrics, startTelemetry } from '@irisvue/runtime';
import { createApp } from './app.ts';
import { jobsSettings } from './settings.ts';

runMain('jobs', async () => {
  const settings = loadSettings(jobsSettings);
  const running = new AsyncDisposableStack();
  running.use(startTelemetry({ service: 'jobs', traceFile: settings.traceFile, otlpUrl: settings.otlpUrl }));
  running.use(await startMetrics({ service: 'jobs', host: settings.host, port: settings.metricsPort }));
  running.use(await createApp(settings));
  return running;
});
