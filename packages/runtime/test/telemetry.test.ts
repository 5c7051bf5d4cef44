import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  createServiceClient,
  currentTraceHeaders,
  DomainError,
  ErrorReason,
  errorDetail,
  type SpanLine,
  sendJson,
  startTelemetry,
  withRemoteTrace,
} from '../src/index.ts';
import { started } from './started.ts';

let folder: string;
let traceFile: string;
let telemetry: AsyncDisposable;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'irisvue-trace-'));
  traceFile = join(folder, 'deep', 'spans.jsonl');
  telemetry = startTelemetry({ service: 'test', traceFile });
});
afterEach(async () => {
  await telemetry[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function spans(): SpanLine[] {
  return readFileSync(traceFile, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}
const find = (name: string, kind: string): SpanLine =>
  spans().find((span) => span.name.endsWith(name) && span.kind === kind)!;

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

it('joins client, server, handler and the next client into one trace', async () => {
  await using identity = await started((router) =>
    router.service(IdentityService, { getUser: () => ({ user: { id: 'u' } }) }),
  );
  await using jobs = await started((router) =>
    router.service(JobService, {
      async *watchJobs() {
        yield { job: { id: 'a' } };
        // A stream's body runs later, each step on its own; it is still inside the call's trace.
        await createServiceClient(IdentityService, { url: identity.url }).getUser({});
        yield { job: { id: 'b' } };
      },
    }),
  );
  const client = createServiceClient(JobService, { url: jobs.url });
  for await (const { job } of client.watchJobs({}, { headers: { traceparent: 'replaced' } })) {
    expect(job).toBeDefined();
  }
  const watch = find('JobService/WatchJobs', 'CLIENT');
  const served = find('JobService/WatchJobs', 'SERVER');
  const asked = find('IdentityService/GetUser', 'CLIENT');
  const answered = find('IdentityService/GetUser', 'SERVER');
  expect(new Set(spans().map((span) => span.traceId)).size).toBe(1);
  expect(watch.parentSpanId).toBeUndefined();
  expect([served.parentSpanId, asked.parentSpanId, answered.parentSpanId]).toEqual([
    watch.spanId,
    served.spanId,
    asked.spanId,
  ]);
  expect(watch).toMatchObject({ service: 'test', status: 'UNSET', attributes: { 'peer.service': 'jobs' } });
  expect(Date.parse(watch.end)).toBeGreaterThanOrEqual(Date.parse(watch.start));
});

it('continues the trace of a plain client, and marks what failed', async () => {
  await using server = await started((router) =>
    router.service(IdentityService, {
      getUser() {
        throw new DomainError(ErrorReason.NOT_FOUND, 'nobody');
      },
    }),
  );
  const answer = await fetch(`${server.url}/irisvue.identity.v1.IdentityService/GetUser`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: TRACEPARENT },
    body: '{}',
  });
  expect(answer.status).toBe(404);
  expect(find('GetUser', 'SERVER')).toMatchObject({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    parentSpanId: 'b7ad6b7169203331',
    status: 'ERROR',
    attributes: { 'rpc.connect_rpc.error_code': 'NotFound' },
  });
});

it('gives the trace of an unexpected failure as its trace_id', async () => {
  await using server = await started((router) =>
    router.service(IdentityService, {
      getUser() {
        throw new Error('a bug');
      },
    }),
  );
  const error = await createServiceClient(IdentityService, { url: server.url })
    .getUser({})
    .catch((reason: unknown) => reason);
  expect(errorDetail(error)?.metadata['trace_id']).toBe(find('GetUser', 'SERVER').traceId);
});

it('carries a trace through a message and back', async () => {
  const headers = await withRemoteTrace({ traceparent: TRACEPARENT }, 'consume JobSubmitted', async () =>
    currentTraceHeaders(),
  );
  const span = find('consume JobSubmitted', 'CONSUMER');
  expect(span).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', parentSpanId: 'b7ad6b7169203331' });
  expect(headers['traceparent']).toBe(`00-${span.traceId}-${span.spanId}-01`);
  expect(currentTraceHeaders()).toEqual({});
});

it('sends spans to a collector where one is configured', async () => {
  const sent = Promise.withResolvers<string>();
  await using collector = await started(() => {}, {
    http(request, response) {
      text(request).then((body) => {
        sendJson(response, 200, {});
        sent.resolve(`${request.method} ${request.url} ${body}`);
      });
      return true;
    },
  });
  await telemetry[Symbol.asyncDispose]();
  telemetry = startTelemetry({ service: 'test', otlpUrl: `${collector.url}/v1/traces` });
  await withRemoteTrace({}, 'consume JobSubmitted', async () => {});
  await telemetry[Symbol.asyncDispose]();
  expect(await sent.promise).toMatch(/^POST \/v1\/traces .*"name":"consume JobSubmitted"/);
});

it('ends the span of a handler that throws, and throws on', async () => {
  const work = withRemoteTrace({}, 'consume nothing', async () => {
    throw new Error('no');
  });
  await expect(work).rejects.toThrow('no');
  expect(find('consume nothing', 'CONSUMER').status).toBe('ERROR');
});
