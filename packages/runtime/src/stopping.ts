import { createContextKey, type HandlerContext, type Interceptor } from '@connectrpc/connect';

const stoppingKey = createContextKey<AbortSignal | undefined>(undefined, { description: 'stopping' });

/** Makes the server's stopping signal known to its handlers. */
export function stoppingInterceptor(signal: AbortSignal): Interceptor {
  return (next) => (request) => {
    request.contextValues.set(stoppingKey, signal);
    return next(request);
  };
}

/**
 * Fires as soon as the server begins to stop. The call's own signal fires only when the drain bound has passed: work
 * that ends by itself may finish, but a stream without end should leave now, so that its client connects elsewhere.
 */
export function stoppingSignal(context: Pick<HandlerContext, 'values'>): AbortSignal {
  return context.values.get(stoppingKey) ?? new AbortController().signal;
}
