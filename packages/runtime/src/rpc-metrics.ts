import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import { mapStream } from './map-stream.ts';
import { durations, underWay } from './metrics.ts';

/**
 * Counts and times each call that is served: its rate, its errors by code ("ok" or a gRPC code), its duration until the
 * last message, and how many are under way. A stream that its reader leaves early counts as canceled.
 */
export function rpcMetrics(): Interceptor {
  const served = durations('irisvue_rpc_server_seconds', 'Time from a call to its last message, in seconds.');
  const current = underWay('irisvue_rpc_server_calls', 'Calls that are being served.');
  return (next) => async (request) => {
    const labels = { rpc_service: request.service.typeName, rpc_method: request.method.name };
    const startedAt = performance.now();
    let open = true;
    current(1, labels);
    const end = (code: string): void => {
      if (!open) return;
      open = false;
      current(-1, labels);
      served(performance.now() - startedAt, { ...labels, code });
    };
    try {
      const response = await next(request);
      if (!response.stream) {
        end('ok');
        return response;
      }
      // A reader that leaves does not always call return(); its signal always fires.
      request.signal.addEventListener('abort', () => end(codeOf(request.signal.reason)), { once: true });
      const message = mapStream(response.message, async (step) => {
        try {
          const result = await step();
          if (result.done) end('ok');
          return result;
        } catch (error) {
          end(codeOf(error));
          throw error;
        }
      });
      return { ...response, message };
    } catch (error) {
      end(codeOf(error));
      throw error;
    }
  };
}

// "DeadlineExceeded" becomes "deadline_exceeded", as Connect writes codes on the wire.
function codeOf(error: unknown): string {
  return Code[ConnectError.from(error).code].replace(/(?<!^)[A-Z]/g, '_$&').toLowerCase();
}
