import { EnhancementService } from '@irisvue/contracts/irisvue/enhancement/v1/enhancement_service';
import { FusionService } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { type Job, JobStatus, JobStep } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { SegmentationService } from '@irisvue/contracts/irisvue/segmentation/v1/segmentation_service';
import { createServiceClient, ErrorReason } from '@irisvue/runtime';
import { expect, test } from 'vitest';
import { ended, submit } from '../person.ts';
import {
  BIOMETRIC_CAPTURE,
  compose,
  consentingCitizen,
  DATA_PROCESSING,
  grant,
  newCitizen,
  refusal,
  statusOf,
  upload,
  withdraw,
} from './people.ts';
import { scene, tokenOfService } from './scene.ts';

test('CR-01: without consent to capture there is no upload link; without consent to processing no job and no artwork', async () => {
  const person = await newCitizen();
  expect(await refusal(upload(person, 1))).toBe(ErrorReason.CONSENT_REQUIRED);
  await grant(person, DATA_PROCESSING);
  expect(await refusal(upload(person, 1))).toBe(ErrorReason.CONSENT_REQUIRED);
  await withdraw(person, DATA_PROCESSING);

  await grant(person, BIOMETRIC_CAPTURE);
  const photos = [await upload(person, 1), await upload(person, 2)];
  expect(await refusal(submit(person, ...photos))).toBe(ErrorReason.CONSENT_REQUIRED);
  expect(await refusal(compose(person, photos))).toBe(ErrorReason.CONSENT_REQUIRED);
  expect((await person.jobs.listJobs({})).jobs).toEqual([]);
});

test('CR-01: each step asks again before it starts, also when the news of a withdrawal does not come through', async () => {
  const person = await consentingCitizen();
  const photos = [await upload(person, 1), await upload(person, 2)];
  const { pid } = await scene().mesh.process('nats');
  process.kill(pid, 'SIGSTOP'); // from here on no service hears of anything
  try {
    const jobIds = await submit(person, ...photos);
    const last = new Map<string, Job>();
    let withdrawn = false;
    for await (const { job } of person.jobs.watchJobs({ jobIds })) {
      last.set(job!.id, job!);
      if (job!.status === JobStatus.PROCESSING && !withdrawn) {
        expect(job!.step).toBeLessThan(JobStep.ENHANCING);
        await withdraw(person, DATA_PROCESSING);
        withdrawn = true;
      }
    }
    expect([...last.values()].map((job) => job.status)).toEqual([JobStatus.CANCELLED, JobStatus.CANCELLED]);
    for (const job of await ended(person, jobIds)) expect(job.links!.resultUrl).toBe('');
  } finally {
    process.kill(pid, 'SIGCONT');
  }
});

test('CR-01: a vision service works for nobody who does not show consent’s own permission for that step', async () => {
  const { mesh } = scene();
  const token = await tokenOfService('jobs');
  const at = async (name: string) => ({ url: (await mesh.process(name)).url!, token: async () => token });
  const first = async (answers: AsyncIterable<unknown>) => await answers[Symbol.asyncIterator]().next();
  const work = { jobId: crypto.randomUUID(), attempt: 1 };
  const ref = { key: 'photos/a/b', sha256: '0'.repeat(64), sizeBytes: 1n, contentType: 'image/jpeg' };
  const limbus = { cx: 5, cy: 5, a: 4, b: 4 };
  const iris = { crop: ref, labels: ref, geometry: { limbus, frameWidth: 10, frameHeight: 10 } };
  const enhancement = createServiceClient(EnhancementService, await at('enhancement'));
  const fusion = createServiceClient(FusionService, await at('fusion'));
  const sources = [{ picture: ref }, { picture: ref }];
  const keys = { resultKey: 'fusion/a/1.jpg', thumbnailKey: 'fusion/a/1_thumb.jpg' };
  const segmentation = createServiceClient(SegmentationService, await at('segmentation'));
  const calls = [
    () => segmentation.segment({ ...work, photo: ref, maskKey: 'm/a', cropKey: 'm/b', labelsKey: 'm/c' }),
    () => enhancement.removeReflections({ ...work, iris, cleanKey: 'm/a' }),
    () => enhancement.enhance({ ...work, iris, resultKey: 'm/a' }),
    () => fusion.fuse({ ...work, sources, ...keys }),
    () => fusion.compose({ ...work, sources, ...keys, layout: 1 }),
  ];
  for (const call of calls) expect(await refusal(first(call()))).toBe(ErrorReason.CAPABILITY_INVALID);
});

test('CR-01: a link delivers while consent stands, and not a moment longer', async () => {
  const person = await consentingCitizen();
  const [job] = await ended(person, await submit(person, await upload(person, 1)));
  const { originalUrl, resultUrl, maskUrl } = job!.links!;
  for (const url of [originalUrl, resultUrl, maskUrl]) expect(await statusOf(url)).toBe(200);
  await withdraw(person, DATA_PROCESSING);
  for (const url of [resultUrl, maskUrl]) expect(await statusOf(url)).toBeGreaterThanOrEqual(400);
  expect(await statusOf(originalUrl)).toBe(200); // kept on the consent to capture, which stands
  await withdraw(person, BIOMETRIC_CAPTURE);
  expect(await statusOf(originalUrl)).toBeGreaterThanOrEqual(400);
});
