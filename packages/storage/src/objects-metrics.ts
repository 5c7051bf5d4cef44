import type { IncomingMessage, ServerResponse } from 'node:http';
import { durations, underWay } from '@irisvue/runtime';

const METHODS = new Set(['GET', 'PUT', 'OPTIONS']);

/**
 * Counts and times what an objects server is asked: rate, errors by status, duration until the last byte, how many are
 * under way. A client that leaves early counts as status "canceled". Probes are not counted.
 */
export function objectsMetrics(): (request: IncomingMessage, response: ServerResponse) => void {
  const served = durations('irisvue_objects_server_seconds', 'Time from a request to its last byte, in seconds.');
  const current = underWay('irisvue_objects_server_requests', 'Requests for objects that are being served.');
  return (request, response) => {
    const labels = { method: METHODS.has(request.method ?? '') ? request.method! : 'other' };
    const startedAt = performance.now();
    current(1, labels);
    response.once('close', () => {
      current(-1, labels);
      const status = response.writableFinished ? String(response.statusCode) : 'canceled';
      served(performance.now() - startedAt, { ...labels, status });
    });
  };
}
