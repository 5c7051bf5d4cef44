import type { Readable } from 'node:stream';
import { DomainError } from '@irisvue/runtime';
import { ObjectNotFound, storeDown } from './object-errors.ts';

interface AwsError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const TOO_MANY_REQUESTS = 429;

/** Runs a request to S3; what says that the store is out of reach is thrown as DEPENDENCY_DOWN. */
export async function explainedS3<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw explain(error);
  }
}

/** A response body whose loss of connection is thrown as DEPENDENCY_DOWN; `signal` ends it. */
export async function* explainedStream(body: Readable, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  const abort = () => body.destroy(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    signal?.throwIfAborted();
    yield* body;
  } catch (error) {
    throw signal?.aborted ? signal.reason : storeDown(error);
  } finally {
    signal?.removeEventListener('abort', abort);
    body.destroy();
  }
}

/** Whether S3 answered that there is no such object or bucket. */
export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404;
}

function explain(error: unknown): unknown {
  if (error instanceof DomainError || error instanceof ObjectNotFound || !(error instanceof Error)) return error;
  if (error.name === 'AbortError' || error.name === 'InvalidKey') return error;
  const status = statusOf(error);
  // Without a status no answer came: the connection failed or timed out.
  return status === undefined || status === TOO_MANY_REQUESTS || status >= 500 ? storeDown(error) : error;
}

function statusOf(error: unknown): number | undefined {
  return (error as AwsError).$metadata?.httpStatusCode;
}
