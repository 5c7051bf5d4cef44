import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SpanLine } from '@irisvue/runtime';
import { startTestMesh, until } from '@irisvue/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ended, eyeJpeg, newPerson, submit, uploadBytes } from './person.ts';

/** Which service may call which. Nothing else may happen: no edge goes back, no vision service calls anybody. */
const allowedEdges = new Set([
  'gateway ▸ identity',
  'gateway ▸ consent',
  'gateway ▸ jobs',
  'consent ▸ jobs', // the event ConsentWithdrawn, through the stream
  'identity ▸ consent', // events for the audit log, through the stream
  'consent ▸ identity', // is this account active, and mails to people whose addresses identity alone knows
  'jobs ▸ identity',
  'jobs ▸ consent',
  'jobs ▸ segmentation',
  'jobs ▸ enhancement',
  'jobs ▸ fusion',
]);

let folder: string;
let mesh: Awaited<ReturnType<typeof startTestMesh>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'irisvue-trace-'));
  mesh = await startTestMesh({ env: { IRISVUE_TRACE_FILE: join(folder, 'spans.jsonl') } });
});
afterAll(async () => {
  await mesh?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function spans(): Promise<SpanLine[]> {
  const text = await readFile(join(folder, 'spans.jsonl'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as SpanLine);
}

/** Edges between different services, plus "jobs ▸ jobs" where the event hop joins two spans of one service. */
function edges(lines: readonly SpanLine[]): Set<string> {
  const byId = new Map(lines.map((line) => [line.spanId, line]));
  const found = new Set<string>();
  for (const { service, parentSpanId } of lines) {
    const parent = parentSpanId ? byId.get(parentSpanId) : undefined;
    if (parent && parent.service !== service) found.add(`${parent.service} ▸ ${service}`);
  }
  return found;
}

test('one job is one trace: gateway ▸ jobs ▸ consent, segmentation, enhancement, over the event hop; no edge goes back', async () => {
  await using person = await newPerson(mesh.gatewayUrl);
  const photoId = await uploadBytes(person, await eyeJpeg(51));
  await ended(person, await submit(person, photoId));

  const trace = await until(async () => {
    const lines = await spans();
    const enhanced = lines.find((s) => s.service === 'enhancement' && /EnhancementService\/Enhance$/.test(s.name));
    return enhanced && lines.filter((line) => line.traceId === enhanced.traceId);
  });
  const inTrace = edges(trace);
  for (const edge of ['gateway ▸ jobs', 'jobs ▸ consent', 'jobs ▸ segmentation', 'jobs ▸ enhancement']) {
    expect(inTrace, edge).toContain(edge);
  }
  const submitSpan = trace.find((s) => s.service === 'gateway' && /JobService\/CreateJobs$/.test(s.name));
  expect(submitSpan, 'the trace starts at the submit').toBeDefined();
  const hop = trace.find((s) => s.service === 'jobs' && /JobSubmitted/.test(s.name));
  expect(hop, 'the event hop is in the trace').toBeDefined();

  for (const edge of edges(await spans())) expect(allowedEdges, edge).toContain(edge);
});
