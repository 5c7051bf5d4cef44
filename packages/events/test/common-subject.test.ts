import { expect, it } from 'vitest';
import { commonSubject } from '../src/ensure-durable.ts';

it.each([
  [['events.irisvue.jobs.v1.JobSubmitted'], 'events.irisvue.jobs.v1.JobSubmitted'],
  [['events.irisvue.jobs.v1.JobSubmitted', 'events.irisvue.jobs.v1.JobFailed'], 'events.irisvue.jobs.v1.>'],
  [['events.irisvue.jobs.v1.JobFailed', 'events.irisvue.consent.v1.ConsentGranted'], 'events.irisvue.>'],
  [['events.irisvue.jobs.v1.JobFailed', 'events.irisvue.jobs.v1.JobFailed'], 'events.irisvue.jobs.v1.JobFailed'],
])('covers %j narrowly', (subjects, expected) => {
  expect(commonSubject(subjects)).toBe(expected);
});

it('refuses a consumer without a handler', () => {
  expect(() => commonSubject([])).toThrow(TypeError);
});
