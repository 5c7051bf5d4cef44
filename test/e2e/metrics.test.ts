import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { metricsUrl, SERVICES } from '@irisvue/embedded';
import { startTestMesh, until } from '@irisvue/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dashboardQueries } from '../../deploy/grafana/dashboard.ts';
import { ended, eyeJpeg, newPerson, submit, uploadBytes } from './person.ts';

let mesh: Awaited<ReturnType<typeof startTestMesh>>;
beforeAll(async () => {
  mesh = await startTestMesh();
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

/** All lines that a service tells, without comments. */
async function scrape(name: string): Promise<string[]> {
  const answer = await fetch(metricsUrl((await mesh.process(name)).url!));
  expect(answer.status, name).toBe(200);
  return (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

const scrapeAll = async (): Promise<string[]> => (await Promise.all(SERVICES.map(scrape))).flat();

/** Sum of a metric over all lines that hold every one of the labels. */
function sum(lines: readonly string[], metric: string, ...labels: string[]): number {
  const found = lines.filter((line) => line.startsWith(`${metric}{`) && labels.every((label) => line.includes(label)));
  if (found.length === 0) throw new Error(`no ${metric} with ${labels.join(', ')}`);
  return found.reduce((all, line) => all + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

test('every metric of the dashboard is in a scrape of the running mesh, a job moves what it should, and nothing of a person is in it', async () => {
  await using person = await newPerson(mesh.gatewayUrl);
  const photoId = await uploadBytes(person, await eyeJpeg(61, 640, 480));
  const [jobId] = await submit(person, photoId);
  const [job] = await ended(person, [jobId!]);
  expect(job!.status).toBe(JobStatus.COMPLETED);

  const lines = await until(async () => {
    const all = await scrapeAll();
    const settled = sum(all, 'irisvue_outbox_events') + sum(all, 'irisvue_consumer_unacknowledged');
    return settled === 0 ? all : undefined;
  });
  const names = new Set(lines.map((line) => line.slice(0, line.indexOf('{'))));
  const asked = dashboardQueries.flatMap((query) => query.match(/\b(?:irisvue|process|nodejs)_[a-z0-9_]+/g) ?? []);
  expect(asked.length).toBeGreaterThan(25);
  for (const metric of asked) expect(names, metric).toContain(metric);

  const served = 'irisvue_rpc_server_seconds_count';
  for (const service of ['gateway', 'jobs'])
    expect(sum(lines, served, `service_name="${service}"`, 'rpc_method="CreateJobs"', 'code="ok"'), service).toBe(1);
  expect(sum(lines, 'irisvue_slot_call_seconds_count', 'rpc_method="Segment"', 'outcome="done"')).toBe(1);
  expect(sum(lines, 'irisvue_model_seconds_sum', 'rpc_method="Segment"')).toBeGreaterThan(0);
  expect(sum(lines, 'irisvue_step_seconds_count', 'step="enhancing"')).toBe(1);
  expect(sum(lines, 'irisvue_job_attempts_total', 'kind="process"', 'outcome="completed"')).toBe(1);
  expect(sum(lines, 'irisvue_queue_jobs')).toBe(0);
  expect(sum(lines, 'irisvue_events_total', 'durable="jobs-runner"', 'outcome="done"')).toBe(1);

  for (const personal of [person.account.userId, photoId, jobId!, '@'])
    expect(lines.join('\n')).not.toContain(personal);
});

test('so does the objects server', async () => {
  const name = new Set((await scrape('objects')).map((line) => line.slice(0, line.indexOf('{'))));
  expect(name).toContain('irisvue_objects_server_seconds_count');
  expect(name).toContain('process_resident_memory_bytes');
});

test('the gateway does not tell metrics to the outside', async () => {
  expect((await fetch(`${mesh.gatewayUrl}/metrics`)).status).toBe(404);
});

test('while NATS is away the outbox is seen to grow, and to be empty again', async () => {
  const nats = await mesh.process('nats');
  process.kill(nats.pid, 'SIGSTOP');
  try {
    await using _person = await newPerson(mesh.gatewayUrl); // signing up is an event
    const waiting = await until(async () => {
      const lines = await scrape('identity');
      return sum(lines, 'irisvue_outbox_events') > 0 ? lines : undefined;
    });
    expect(sum(waiting, 'irisvue_outbox_oldest_seconds')).toBeGreaterThan(0);
  } finally {
    process.kill(nats.pid, 'SIGCONT');
  }
  await until(async () => sum(await scrape('identity'), 'irisvue_outbox_events') === 0);
});
