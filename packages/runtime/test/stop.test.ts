import { once } from 'node:events';
import { connect } from 'node:net';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { expect, it } from 'vitest';
import { createServiceClient, stoppingSignal } from '../src/index.ts';
import { started } from './started.ts';

it.each([
  ['grpc over HTTP/2', (url: string) => createServiceClient(IdentityService, { url })],
  [
    'connect over HTTP/1.1',
    (baseUrl: string) => createClient(IdentityService, createConnectTransport({ baseUrl, httpVersion: '1.1' })),
  ],
])('a stop lets calls in flight end and takes no new ones (%s)', async (_, clientOf) => {
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const server = await started((router) =>
    router.service(IdentityService, {
      async getUser() {
        begun.resolve();
        await finish.promise;
        return { user: { id: 'late' } };
      },
    }),
  );
  const call = clientOf(server.url).getUser({});
  await begun.promise;
  const stopped = server[Symbol.asyncDispose]();
  await expect(once(connect(server.port, '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED');
  finish.resolve();
  expect((await call).user?.id).toBe('late');
  await stopped;
});

it('a stop aborts what is still running when the drain bound has passed', async () => {
  const begun = Promise.withResolvers<void>();
  const told = Promise.withResolvers<void>();
  const server = await started(
    (router) =>
      router.service(IdentityService, {
        getUser(_request, context) {
          begun.resolve();
          return new Promise((_, reject) => {
            context.signal.addEventListener('abort', () => {
              told.resolve();
              reject(context.signal.reason);
            });
          });
        },
      }),
    { drainMs: 50 },
  );
  const call = createServiceClient(IdentityService, { url: server.url }).getUser({});
  const outcome = expect(call).rejects.toThrow('unavailable');
  await begun.promise;
  await server[Symbol.asyncDispose]();
  await told.promise;
  await outcome;
});

it('a stop cuts a handler that does not listen', async () => {
  const begun = Promise.withResolvers<void>();
  const server = await started(
    (router) =>
      router.service(IdentityService, {
        getUser() {
          begun.resolve();
          return new Promise(() => {});
        },
      }),
    { drainMs: 50 },
  );
  const outcome = expect(createServiceClient(IdentityService, { url: server.url }).getUser({})).rejects.toThrow();
  await begun.promise;
  await server[Symbol.asyncDispose]();
  await outcome;
});

it('a stream without end can leave as soon as the stop begins', async () => {
  const server = await started((router) =>
    router.service(JobService, {
      async *watchJobs(_request, context) {
        yield { job: { id: 'a' } };
        await once(stoppingSignal(context), 'abort');
      },
    }),
  );
  const stream = createServiceClient(JobService, { url: server.url }).watchJobs({})[Symbol.asyncIterator]();
  await stream.next();
  const end = stream.next();
  await server[Symbol.asyncDispose]();
  expect(await end).toMatchObject({ done: true });
});

it('disposing twice stops once', async () => {
  const server = await started(() => {});
  await Promise.all([server[Symbol.asyncDispose](), server[Symbol.asyncDispose]()]);
  await server[Symbol.asyncDispose]();
});
