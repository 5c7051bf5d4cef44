import type { ConnectError, Interceptor, StreamRequest, UnaryRequest } from '@connectrpc/connect';
import { mapStream } from './map-stream.ts';

/** Replaces what a call throws, before its answer or in the middle of its stream. */
export function catchErrors(
  replace: (error: unknown, request: UnaryRequest | StreamRequest) => ConnectError,
): Interceptor {
  return (next) => async (request) => {
    try {
      const response = await next(request);
      if (!response.stream) {
        return response;
      }
      const message = mapStream(response.message, async (step) => {
        try {
          return await step();
        } catch (error) {
          throw replace(error, request);
        }
      });
      return { ...response, message };
    } catch (error) {
      throw replace(error, request);
    }
  };
}
