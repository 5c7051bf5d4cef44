import { Code, ConnectError, type ConnectRouter, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { describe, expect, it } from 'vitest';
import { DomainError, ErrorReason, errorDetail } from '../src/index.ts';
import { started } from './started.ts';

const TRANSPORTS: readonly (readonly [string, (baseUrl: string) => Transport])[] = [
  ['grpc over HTTP/2', (baseUrl) => createGrpcTransport({ baseUrl })],
  ['connect over HTTP/1.1', (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '1.1' })],
  ['connect over HTTP/2', (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '2' })],
  ['grpc-web over HTTP/1.1', (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '1.1' })],
];

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  return Promise.withResolvers<T>();
}

async function collected<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const messages: T[] = [];
  for await (const message of stream) {
    messages.push(message);
  }
  return messages;
}

async function rejection(call: Promise<unknown>): Promise<ConnectError> {
  const outcome = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(ConnectError);
  return outcome as ConnectError;
}

describe.each(TRANSPORTS)('%s', (_, transport) => {
  it('carries a unary call and a stream', async () => {
    await using server = await started((router) => {
      router.service(IdentityService, { getUser: () => ({ user: { id: 'u1' } }) });
      router.service(JobService, {
        async *watchJobs() {
          yield { job: { id: 'a' } };
          yield { job: { id: 'b' } };
        },
      });
    });
    const { user } = await createClient(IdentityService, transport(server.url)).getUser({});
    expect(user?.id).toBe('u1');

    const seen: string[] = [];
    for await (const { job } of createClient(JobService, transport(server.url)).watchJobs({})) {
      seen.push(job!.id);
    }
    expect(seen).toEqual(['a', 'b']);
  });

  it('carries the reason of a domain error, of a call and of a stream', async () => {
    const gone = (): never => {
      throw new DomainError(ErrorReason.NOT_FOUND, 'no such photo', { resource: 'photo', id: 'p1' });
    };
    await using server = await started((router: ConnectRouter) => {
      router.service(IdentityService, { getUser: gone });
      router.service(JobService, {
        async *watchJobs() {
          yield { job: { id: 'a' } };
          gone();
        },
      });
    });
    const failed = await rejection(createClient(IdentityService, transport(server.url)).getUser({}));
    expect(failed.code).toBe(Code.NotFound);
    expect(errorDetail(failed)).toMatchObject({
      reason: ErrorReason.NOT_FOUND,
      metadata: { resource: 'photo', id: 'p1' },
    });

    const drained = await rejection(collected(createClient(JobService, transport(server.url)).watchJobs({})));
    expect(drained.code).toBe(Code.NotFound);
    expect(errorDetail(drained)?.reason).toBe(ErrorReason.NOT_FOUND);
  });

  it('refuses a broken field with its name and rule', async () => {
    await using server = await started((router) => router.service(JobService, { getJob: () => ({}) }));
    const failed = await rejection(createClient(JobService, transport(server.url)).getJob({ jobId: 'not-a-uuid' }));
    expect(failed.code).toBe(Code.InvalidArgument);
    expect(errorDetail(failed)).toMatchObject({
      reason: ErrorReason.INVALID_FIELD,
      metadata: { field: 'job_id', rule: 'string.uuid' },
    });
  });

  it('ends a call at its deadline and tells the handler', async () => {
    const told = deferred<boolean>();
    await using server = await started((router) =>
      router.service(IdentityService, {
        getUser: (_request, context) =>
          new Promise(() => {
            context.signal.addEventListener('abort', () => told.resolve(true));
          }),
      }),
    );
    const failed = await rejection(
      createClient(IdentityService, transport(server.url)).getUser({}, { timeoutMs: 100 }),
    );
    expect(failed.code).toBe(Code.DeadlineExceeded);
    expect(await told.promise).toBe(true);
  });

  it('tells the handler when the caller hangs up', async () => {
    const begun = deferred<void>();
    const told = deferred<boolean>();
    await using server = await started((router) =>
      router.service(JobService, {
        async *watchJobs(_request, context) {
          yield { job: { id: 'a' } };
          begun.resolve();
          await new Promise<void>((resolve) => {
            context.signal.addEventListener('abort', () => resolve());
          });
          told.resolve(true);
        },
      }),
    );
    const abort = new AbortController();
    const drain = collected(createClient(JobService, transport(server.url)).watchJobs({}, { signal: abort.signal }));
    await begun.promise;
    abort.abort();
    expect((await rejection(drain)).code).toBe(Code.Canceled);
    expect(await told.promise).toBe(true);
  });
});
