import { once } from 'node:events';
import { Code, ConnectError, type ConnectRouter, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { ServerReflection } from '@irisvue/contracts/grpc/reflection/v1/reflection';
import { JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import {
  createLogger,
  createServiceTransport,
  DomainError,
  ErrorReason,
  errorDetail,
  type RunningServer,
  serve,
} from '@irisvue/runtime';
import { describe, expect, it } from 'vitest';
import { forwardService } from '../src/forward.ts';

const TRANSPORTS: readonly (readonly [string, (baseUrl: string) => Transport])[] = [
  ['grpc', (baseUrl) => createGrpcTransport({ baseUrl })],
  ['connect over HTTP/1.1', (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '1.1' })],
  ['connect over HTTP/2', (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '2' })],
  ['grpc-web', (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '1.1' })],
];

const JOB = '0190a0a0-0000-7000-8000-000000000000';

function started(routes: (router: ConnectRouter) => void): Promise<RunningServer> {
  return serve({
    name: 'test',
    host: '127.0.0.1',
    port: 0,
    logger: createLogger({ service: 'test', level: 'silent' }),
    routes,
    readiness: {},
  });
}

function startEdge(upstream: RunningServer): Promise<RunningServer> {
  const transport = createServiceTransport({ peer: 'jobs', url: upstream.url, timeoutMs: 5_000 });
  const target = { transport, addressOf: () => '203.0.113.7' };
  return started((router) => forwardService(router, JobService, target));
}

async function failure(call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}

async function collected<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const messages: T[] = [];
  for await (const message of stream) {
    messages.push(message);
  }
  return messages;
}

describe.each(TRANSPORTS)('forwarding of %s', (_, transport) => {
  it('passes message, token and chosen headers down, and message, headers and trailers up', async () => {
    const seen: Record<string, string | null> = {};
    await using upstream = await started((router) =>
      router.service(JobService, {
        getJob(request, context) {
          context.responseHeader.set('irisvue-note', 'header');
          context.responseTrailer.set('irisvue-end', 'trailer');
          for (const name of ['authorization', 'accept-language', 'cookie', 'x-forwarded-for']) {
            seen[name] = context.requestHeader.get(name);
          }
          return { job: { id: request.jobId } };
        },
      }),
    );
    await using edge = await startEdge(upstream);
    const heard: Record<string, string | null> = {};
    const { job } = await createClient(JobService, transport(edge.url)).getJob(
      { jobId: JOB },
      {
        headers: {
          authorization: 'Bearer abc',
          'accept-language': 'de',
          cookie: 'private',
          'x-forwarded-for': '6.6.6.6',
        },
        onHeader: (headers) => {
          heard['note'] = headers.get('irisvue-note');
        },
        onTrailer: (trailers) => {
          heard['end'] = trailers.get('irisvue-end');
        },
      },
    );
    expect(job?.id).toBe(JOB);
    expect(seen).toEqual({
      authorization: 'Bearer abc',
      'accept-language': 'de',
      cookie: null,
      'x-forwarded-for': '203.0.113.7',
    });
    expect(heard).toEqual({ note: 'header', end: 'trailer' });
  });

  it('passes each message of a stream on as it comes', async () => {
    const second = Promise.withResolvers<void>();
    await using upstream = await started((router) =>
      router.service(JobService, {
        async *watchJobs(request) {
          yield { job: { id: 'a', revision: request.afterRevision } };
          await second.promise;
          yield { job: { id: 'b' } };
        },
      }),
    );
    await using edge = await startEdge(upstream);
    const client = createClient(JobService, transport(edge.url));
    const stream = client.watchJobs({ afterRevision: 41n })[Symbol.asyncIterator]();
    expect((await stream.next()).value?.job).toMatchObject({ id: 'a', revision: 41n });
    second.resolve();
    expect((await stream.next()).value?.job?.id).toBe('b');
    expect((await stream.next()).done).toBe(true);
  });

  it('passes code, reason, facts and own metadata of an error on', async () => {
    const refuse = (): never => {
      throw new DomainError(ErrorReason.CONSENT_REQUIRED, 'ask first', { purpose: 'data_processing', pending: 'u1' });
    };
    await using upstream = await started((router) =>
      router.service(JobService, {
        getJob: refuse,
        async *watchJobs() {
          yield { job: { id: 'a' } };
          refuse();
        },
      }),
    );
    await using edge = await startEdge(upstream);
    const client = createClient(JobService, transport(edge.url));
    for (const call of [() => client.getJob({ jobId: JOB }), () => collected(client.watchJobs({}))]) {
      const error = await failure(call());
      expect(error.code).toBe(Code.FailedPrecondition);
      expect(error.rawMessage).toBe('ask first');
      expect(errorDetail(error)).toMatchObject({
        reason: ErrorReason.CONSENT_REQUIRED,
        metadata: { purpose: 'data_processing', pending: 'u1' },
      });
    }
  });

  it('passes the remaining deadline down', async () => {
    const remaining = Promise.withResolvers<number>();
    await using upstream = await started((router) =>
      router.service(JobService, {
        async getJob(_request, context) {
          remaining.resolve(context.timeoutMs()!);
          await once(context.signal, 'abort');
          return {};
        },
      }),
    );
    await using edge = await startEdge(upstream);
    const call = createClient(JobService, transport(edge.url)).getJob({ jobId: JOB }, { timeoutMs: 200 });
    expect((await failure(call)).code).toBe(Code.DeadlineExceeded);
    expect(await remaining.promise).toBeGreaterThan(0);
    expect(await remaining.promise).toBeLessThanOrEqual(200);
  });

  it('aborts upstream when the client hangs up', async () => {
    const told = Promise.withResolvers<void>();
    await using upstream = await started((router) =>
      router.service(JobService, {
        async *watchJobs(_request, context) {
          yield { job: { id: 'a' } };
          await once(context.signal, 'abort');
          told.resolve();
        },
      }),
    );
    await using edge = await startEdge(upstream);
    const abort = new AbortController();
    const client = createClient(JobService, transport(edge.url));
    const stream = client.watchJobs({}, { signal: abort.signal })[Symbol.asyncIterator]();
    await stream.next();
    const end = failure(stream.next());
    abort.abort();
    await told.promise;
    expect((await end).code).toBe(Code.Canceled);
  });
});

it('gives a call without a deadline one of its own, and a stream none', async () => {
  const seen: (number | undefined)[] = [];
  await using upstream = await started((router) =>
    router.service(JobService, {
      getJob(_request, context) {
        seen.push(context.timeoutMs());
        return {};
      },
      // biome-ignore lint/correctness/useYield: an empty stream is all that is needed.
      async *watchJobs(_request, context) {
        seen.push(context.timeoutMs());
      },
    }),
  );
  await using edge = await startEdge(upstream);
  const client = createClient(JobService, createGrpcTransport({ baseUrl: edge.url }));
  await client.getJob({ jobId: JOB });
  await collected(client.watchJobs({}));
  expect(seen[0]).toBeGreaterThan(4_000);
  expect(seen[1]).toBeUndefined();
});

it('names the service that is down, and serves again when it is back', async () => {
  const upstream = await started(() => {});
  await using edge = await startEdge(upstream);
  await upstream[Symbol.asyncDispose]();
  const client = createClient(JobService, createGrpcTransport({ baseUrl: edge.url }));
  const error = await failure(client.getJob({ jobId: JOB }));
  expect(error.code).toBe(Code.Unavailable);
  expect(errorDetail(error)).toMatchObject({ metadata: { dependency: 'jobs' } });
  expect(error.rawMessage).not.toMatch(/127\.0\.0\.1|ECONN/);
  await using _back = await serve({
    name: 'back',
    host: '127.0.0.1',
    port: upstream.port,
    logger: createLogger({ service: 'back', level: 'silent' }),
    routes: (router) => router.service(JobService, { getJob: () => ({ job: { id: JOB } }) }),
    readiness: {},
  });
  expect((await client.getJob({ jobId: JOB })).job?.id).toBe(JOB);
});

it('lets go of endless streams as soon as it stops, so that clients come back elsewhere', async () => {
  await using upstream = await started((router) =>
    router.service(JobService, {
      async *watchJobs(_request, context) {
        yield { job: { id: 'a' } };
        await once(context.signal, 'abort');
      },
    }),
  );
  const edge = await startEdge(upstream);
  const client = createClient(JobService, createGrpcTransport({ baseUrl: edge.url }));
  const stream = client.watchJobs({})[Symbol.asyncIterator]();
  await stream.next();
  const end = failure(stream.next());
  await edge[Symbol.asyncDispose]();
  expect((await end).code).toBe(Code.Unavailable);
});

it('does not start with a method that browsers cannot call', async () => {
  const transport = createServiceTransport({ peer: 'jobs', url: 'http://127.0.0.1:9' });
  await expect(
    started((router) => forwardService(router, ServerReflection, { transport, addressOf: () => '203.0.113.7' })),
  ).rejects.toThrow('bidi_streaming');
});
