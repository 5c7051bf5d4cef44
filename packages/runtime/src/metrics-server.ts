import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { metrics } from '@opentelemetry/api';
import type * as prometheus from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type * as sdk from '@opentelemetry/sdk-metrics';
import { processMetrics } from './process-metrics.ts';

// A reading that takes longer is left out of a scrape; Prometheus itself waits 10 s by default.
const READ_LIMIT_MS = 5_000;

/** A port that tells metrics. */
export interface MetricsServer extends AsyncDisposable {
  /** Where to scrape; undefined when no port was given. */
  readonly url: string | undefined;
}

/**
 * Measures this process and tells it in Prometheus text form at GET /metrics, on a port of its own, so that what the
 * outside reaches never tells it. Without `port` nothing is measured. 0 lets the system choose. Every line is labelled
 * with service_name. Call it once, before serve(). Rejects when the port cannot be had.
 * Source of the format: https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export async function startMetrics(o: {
  readonly service: string;
  readonly host: string;
  readonly port?: number;
}): Promise<MetricsServer> {
  if (o.port === undefined) return { url: undefined, [Symbol.asyncDispose]: async () => {} };
  // Loaded only when it is used, like the exporter of traces.
  const require = createRequire(import.meta.url);
  const { PrometheusExporter, PrometheusSerializer } =
    require('@opentelemetry/exporter-prometheus') as typeof prometheus;
  const { MeterProvider } = require('@opentelemetry/sdk-metrics') as typeof sdk;

  const reader = new PrometheusExporter({ preventServerStart: true });
  const serializer = new PrometheusSerializer(undefined, false, /^service\.name$/, true, true);
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ 'service.name': o.service }),
    readers: [reader],
  });
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    reader.collect({ timeoutMillis: READ_LIMIT_MS }).then(
      ({ resourceMetrics }) => {
        response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
        response.end(`${serializer.serialize(resourceMetrics)}\n`);
      },
      () => response.writeHead(503).end(),
    );
  });
  const port = await listen(server, o.host, o.port);
  metrics.setGlobalMeterProvider(provider);
  const ofProcess = processMetrics();
  return {
    url: `http://${o.host.includes(':') ? `[${o.host}]` : o.host}:${port}/metrics`,
    [Symbol.asyncDispose]: async () => {
      ofProcess[Symbol.dispose]();
      metrics.disable();
      server.close();
      server.closeAllConnections();
      await provider.shutdown();
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
