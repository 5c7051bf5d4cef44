import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type SpanLine, startTelemetry } from '@irisvue/runtime';
import { temporaryFolder } from '@irisvue/testing';
import { expect, test } from 'vitest';
import { ended, startHarness, submit, uploaded } from './harness.ts';

test('a job’s run continues the trace of its submit, over the event hop', async () => {
  await using folder = await temporaryFolder('trace');
  const traceFile = path.join(folder.path, 'spans.jsonl');
  await using _telemetry = startTelemetry({ service: 'jobs', traceFile });
  // Only the event wakes the runner.
  await using harness = await startHarness({ IRISVUE_CLAIM_POLL_SECONDS: '600' });
  const person = await harness.person();
  const [job] = await submit(person, await uploaded(harness, person));
  await ended(person, job!);

  const read = async () =>
    (await readFile(traceFile, 'utf8'))
      .trim()
      .split('\n')
      .map((line): SpanLine => JSON.parse(line));
  await expect.poll(async () => (await read()).map(({ name }) => name)).toContain('run process job');
  const spans = await read();
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const line = (span: SpanLine | undefined): string[] =>
    span === undefined ? [] : [...line(byId.get(span.parentSpanId ?? '')), span.name.split('/').at(-1)!];
  const run = spans.find(({ name }) => name === 'run process job')!;
  expect(line(run).slice(-3)).toEqual(['CreateJobs', expect.stringContaining('JobSubmitted'), 'run process job']);
  const inTrace = spans.filter(({ traceId }) => traceId === run.traceId).map(({ name }) => name.split('/').at(-1));
  for (const call of ['CreateStepCapability', 'Segment', 'RemoveReflections', 'Enhance'])
    expect(inTrace).toContain(call);
});
