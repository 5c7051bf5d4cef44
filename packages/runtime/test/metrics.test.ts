import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  counter,
  createServiceClient,
  DomainError,
  ErrorReason,
  gauges,
  type MetricsServer,
  startMetrics,
} from '../src/index.ts';
import { started } from './started.ts';

let server: MetricsServer;
beforeEach(async () => {
  server = await startMetrics({ service: 'test', host: '127.0.0.1', port: 0 });
});
afterEach(() => server[Symbol.asyncDispose]());

/** The values of a scrape by name and labels, for example 'irisvue_a{b="c"}'; service_name is left out. */
async function scrape(): Promise<Map<string, number>> {
  const answer = await fetch(server.url!);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  for (const line of lines) expect(line).toContain('service_name="test"');
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at).replace(/,?service_name="test"/, ''), Number(line.slice(at + 1))];
    }),
  );
}

test('calls are counted by method and code, streams until their end, and none stays under way', async () => {
  await using users = await started((router) => {
    router.service(IdentityService, {
      getUser: () => {
        throw new DomainError(ErrorReason.NOT_FOUND, 'nobody', { resource: 'user', id: '1' });
      },
    });
    router.service(JobService, {
      async *watchJobs() {
        yield { job: { id: 'a' } };
        yield { job: { id: 'b' } };
      },
      getJob: async (_request, { signal }) => {
        const during = await scrape();
        expect(
          during.get('irisvue_rpc_server_calls{rpc_service="irisvue.jobs.v1.JobService",rpc_method="GetJob"}'),
        ).toBe(1);
        signal.throwIfAborted();
        return {};
      },
    });
  });
  const jobs = createServiceClient(JobService, { url: users.url });
  await expect(createServiceClient(IdentityService, { url: users.url }).getUser({})).rejects.toThrow('nobody');
  await jobs.getJob({ jobId: '0199aaaa-0000-7000-8000-000000000000' });
  for await (const _ of jobs.watchJobs({ jobIds: ['0199aaaa-0000-7000-8000-000000000000'] }));

  const told = await scrape();
  const count = (service: string, method: string, code: string) =>
    told.get(
      `irisvue_rpc_server_seconds_count{rpc_service="irisvue.${service}",rpc_method="${method}",code="${code}"}`,
    );
  expect(count('identity.v1.IdentityService', 'GetUser', 'not_found')).toBe(1);
  expect(count('jobs.v1.JobService', 'GetJob', 'ok')).toBe(1);
  expect(count('jobs.v1.JobService', 'WatchJobs', 'ok')).toBe(1);
  const underWay = [...told].filter(([name]) => name.startsWith('irisvue_rpc_server_calls'));
  expect(underWay.map(([, value]) => value)).toEqual([0, 0, 0]);
});

test('a gauge that cannot be read, and a label that is gone, are NaN and not what they last were', async () => {
  let read = () => [{ name: 'irisvue_depth', labels: { of: 'a' }, value: 5 } as const];
  using _depth = gauges({ irisvue_depth: 'Depth.' }, () => read());
  expect((await scrape()).get('irisvue_depth{of="a"}')).toBe(5);
  read = () => [{ name: 'irisvue_depth', labels: { of: 'b' }, value: 7 }] as never;
  const after = await scrape();
  expect([after.get('irisvue_depth{of="a"}'), after.get('irisvue_depth{of="b"}')]).toEqual([Number.NaN, 7]);
  read = () => {
    throw new Error('out of reach');
  };
  const told = await scrape();
  expect([told.get('irisvue_depth{of="a"}'), told.get('irisvue_depth{of="b"}')]).toEqual([Number.NaN, Number.NaN]);
});

test('two that measure the same thing are told side by side; one that ended is not read any more', async () => {
  let reads = 0;
  const gauge = (durable: string) =>
    gauges({ irisvue_lag: 'Lag.' }, () => {
      reads += 1;
      return [{ name: 'irisvue_lag', labels: { durable }, value: 1 }];
    });
  using _first = gauge('first');
  const second = gauge('second');
  const told = await scrape();
  expect([told.get('irisvue_lag{durable="first"}'), told.get('irisvue_lag{durable="second"}')]).toEqual([1, 1]);
  second[Symbol.dispose]();
  await scrape();
  expect(reads).toBe(3);
});

test('the process itself is measured', async () => {
  const told = await scrape();
  expect(told.get('process_resident_memory_bytes{}')).toBeGreaterThan(10_000_000);
  expect(told.get('process_cpu_seconds_total{}')).toBeGreaterThan(0);
  expect(told.get('process_start_time_seconds{}')).toBeLessThan(Date.now() / 1000);
  expect(told.has('nodejs_eventloop_lag_p99_seconds{}')).toBe(true);
});

test('only GET /metrics is answered, and a port that is taken is refused', async () => {
  const { origin, port } = new URL(server.url!);
  expect((await fetch(`${origin}/`)).status).toBe(404);
  expect((await fetch(server.url!, { method: 'POST' })).status).toBe(404);
  await expect(startMetrics({ service: 'other', host: '127.0.0.1', port: Number(port) })).rejects.toThrow('EADDRINUSE');
});

test('without a port nothing listens and counting does nothing', async () => {
  await server[Symbol.asyncDispose]();
  server = await startMetrics({ service: 'test', host: '127.0.0.1' });
  expect(server.url).toBeUndefined();
  expect(() => counter('irisvue_idle_total', 'Idle.')({})).not.toThrow();
});
