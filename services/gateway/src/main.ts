import { runMain, startTelemetry } from '@irisvue/runtime';
import { createApp } from './app.ts';
import { loadConfig } from './config.ts';

runMain('gateway', async () => {
  const config = loadConfig();
  const telemetry = startTelemetry({ service: 'gateway', traceFile: config.traceFile, otlpUrl: config.otlpUrl });
  const app = await createApp(config);
  return {
    [Symbol.asyncDispose]: async () => {
      await app[Symbol.asyncDispose]();
      await telemetry[Symbol.asyncDispose]();
    },
  };
});
