import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { createLogger } from '../src/index.ts';

function captured(): { lines: Record<string, unknown>[]; destination: Writable } {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()));
      done();
    },
  });
  return { lines, destination };
}

it('writes one JSON object a line, with service, level by name and ISO time', () => {
  const { lines, destination } = captured();
  createLogger({ service: 'jobs' }, destination).info({ job_id: 'j1' }, 'claimed');
  expect(lines).toMatchObject([{ service: 'jobs', level: 'info', job_id: 'j1', msg: 'claimed' }]);
  expect(lines[0]!['time']).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
});

it('hides tokens, passwords and e-mails that were logged by accident', () => {
  const { lines, destination } = captured();
  createLogger({ service: 'identity' }, destination).info({
    email: 'a@b.example',
    headers: { authorization: 'Bearer abc' },
    request: { password: 'hunter22' },
  });
  expect(JSON.stringify(lines)).not.toMatch(/a@b|abc|hunter/);
});

it('leaves out what is below its level', () => {
  const { lines, destination } = captured();
  createLogger({ service: 'jobs', level: 'warn' }, destination).info('nothing');
  expect(lines).toEqual([]);
});
