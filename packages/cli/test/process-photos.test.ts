import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { createRouterTransport } from '@connectrpc/connect';
import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { JobSchema, JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { explainJob, uniqueNames } from '../src/process-photos.ts';
import { stateOf } from '../src/progress-bars.ts';
import { FileRefused, uploadPhoto } from '../src/upload.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'irisvue-cli-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('files of the same name stay apart', () => {
  expect(uniqueNames(['a/eye.jpg', 'b/eye.png', 'c/other.jpg']).map((f) => f.name)).toEqual(['eye', 'eye-2', 'other']);
});

test('a refusal names the measured value, the limit and what to do', () => {
  const job = create(JobSchema, {
    status: JobStatus.FAILED,
    errorMessage: 'Iris not detected clearly',
    suggestion: 'Move closer',
    rejection: { measured: 61.666, limit: 100, unit: 'px' },
  });
  expect(explainJob(job)).toBe('Iris not detected clearly (measured 61.67px, limit 100px). Move closer.');
  expect(stateOf(job)).toBe('refused');
});

// No call may leave this machine for a file that is refused here: the transport has no routes, so a call would fail otherwise.
const nowhere = { userId: 'nobody', email: '', transport: createRouterTransport(() => {}) };

test.each([
  ['empty.jpg', 0, /empty \(0 bytes/],
  ['huge.jpg', 50 * 1024 * 1024 + 1, /52428801 bytes; the limit is 52428800/],
  ['notes.txt', 10, /\*\.txt are not read/],
])('%s is refused before a byte is sent', async (name, size, message) => {
  const path = join(dir, name);
  await writeFile(path, '');
  await truncate(path, size);
  const upload = uploadPhoto(nowhere, path, { kind: SubjectKind.SYNTHETIC });
  await expect(upload).rejects.toThrow(FileRefused);
  await expect(upload).rejects.toThrow(message);
});

test('a missing file is refused', async () => {
  await expect(uploadPhoto(nowhere, join(dir, 'none.jpg'), { kind: SubjectKind.SYNTHETIC })).rejects.toThrow(
    'no such file',
  );
});
