import { createHash } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import { Code, ConnectError } from '@connectrpc/connect';
import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { ErrorReason } from '@irisvue/contracts/irisvue/errors/v1/errors';
import { ErrorType, JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { RejectionReason } from '@irisvue/contracts/irisvue/media/v1/media';
import { errorDetail } from '@irisvue/runtime';
import { renderEye, startTestMesh } from '@irisvue/testing';
import sharp, { type Sharp } from 'sharp';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ended, eyeJpeg, newPerson, type Person, submit, uploadBytes } from './person.ts';

let mesh: Awaited<ReturnType<typeof startTestMesh>>;
let person: Person;
let eye: Uint8Array;

beforeAll(async () => {
  mesh = await startTestMesh();
  person = await newPerson(mesh.gatewayUrl);
  eye = await eyeJpeg(21, 800, 600);
});
afterAll(async () => {
  await person?.[Symbol.asyncDispose]();
  await mesh?.[Symbol.asyncDispose]();
});

/** A PNG of `side` × `side` pixels, all zero: a few kilobytes that would decode to gigabytes. */
function pngBomb(side: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length);
    body.copy(out, 4);
    out.writeUInt32BE(crc32(body), body.length + 4);
    return out;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const rows = deflateSync(Buffer.alloc(1 + side));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]);
}

const blank = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: { r: 200, g: 160, b: 140 } } });

test('each unusable photo ends with its named rejection', async () => {
  const cases: [string, RejectionReason, Promise<Uint8Array> | Uint8Array][] = [
    ['truncated', RejectionReason.TRUNCATED, eye.subarray(0, eye.length * 0.6)],
    ['1 × 1', RejectionReason.TOO_SMALL, blank(1, 1).jpeg().toBuffer()],
    ['20 000 × 20 000', RejectionReason.TOO_LARGE, pngBomb(20_000)],
    ['text named .jpg', RejectionReason.NOT_AN_IMAGE, Buffer.from('this is no picture, whatever its name says')],
    ['skin without an eye', RejectionReason.NO_EYE, blank(900, 700).jpeg().toBuffer()],
    [
      'a tiny iris',
      RejectionReason.IRIS_TOO_SMALL,
      sharp(await eyeJpeg(21, 160, 120))
        .jpeg()
        .toBuffer(),
    ],
  ];
  const photoIds: string[] = [];
  for (const [, , bytes] of cases) photoIds.push(await uploadBytes(person, await bytes));
  const jobs = await ended(person, await submit(person, ...photoIds));
  for (const [i, [name, reason]] of cases.entries()) {
    const job = jobs[i]!;
    expect(job, name).toMatchObject({ status: JobStatus.FAILED, errorType: ErrorType.QUALITY_ISSUE });
    expect(job.rejection?.reason, name).toBe(reason);
    expect(job.suggestion, name).not.toBe('');
    expect(job.attempt, `${name} is not retried`).toBe(1);
  }
});

test('all orientations, CMYK and 16 bit are read as the same eye', async () => {
  const { image } = renderEye({ seed: 21, width: 800, height: 600 });
  const upright = () => sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } });
  // What a camera stores for EXIF orientation n, so that turning it by the tag gives the upright picture.
  const stored = (n: number) => {
    const undo: Record<number, (s: Sharp) => Sharp> = {
      1: (s) => s,
      2: (s) => s.flop(),
      3: (s) => s.rotate(180),
      4: (s) => s.flip(),
      5: (s) => s.rotate(270).flop(),
      6: (s) => s.rotate(270),
      7: (s) => s.rotate(90).flop(),
      8: (s) => s.rotate(90),
    };
    return undo[n]!(upright()).withMetadata({ orientation: n }).jpeg({ quality: 95 }).toBuffer();
  };
  const variants: [string, Promise<Buffer>, string?][] = [
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((n): [string, Promise<Buffer>] => [`orientation ${n}`, stored(n)]),
    ['CMYK', upright().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer()],
    ['16 bit', upright().toColourspace('rgb16').png().toBuffer(), 'image/png'],
  ];
  const photoIds: string[] = [];
  for (const [, bytes, type] of variants) photoIds.push(await uploadBytes(person, await bytes, type));
  const jobs = await ended(person, await submit(person, ...photoIds));
  const truth = jobs[0]!.geometry!.limbus!;
  for (const [i, [name]] of variants.entries()) {
    const { status, geometry } = jobs[i]!;
    expect(status, name).toBe(JobStatus.COMPLETED);
    expect(geometry, name).toMatchObject({ frameWidth: 800, frameHeight: 600 });
    expect(Math.hypot(geometry!.limbus!.cx - truth.cx, geometry!.limbus!.cy - truth.cy), name).toBeLessThan(8);
  }
});

test('an upload whose bytes differ from what was announced is refused, and nothing is kept', async () => {
  const sha256 = createHash('sha256').update('other bytes').digest('hex');
  const { photo, upload } = await person.photos.createPhoto({
    requestId: uuidv7(),
    subjectKind: SubjectKind.SYNTHETIC,
    sha256,
    sizeBytes: BigInt(eye.length),
    contentType: 'image/jpeg',
  });
  await fetch(upload!.url, { method: upload!.method, headers: upload!.headers, body: new Uint8Array(eye) });
  const confirm = person.photos.confirmPhoto({ photoId: photo!.id });
  await expect(confirm).rejects.toSatisfy((e) =>
    [ErrorReason.UPLOAD_MISMATCH, ErrorReason.PHOTO_NOT_UPLOADED].includes(errorDetail(e)?.reason as never),
  );
  const early = person.jobs.createJobs({ requestId: uuidv7(), photoIds: [photo!.id] });
  await expect(early).rejects.toSatisfy((e) => errorDetail(e)?.reason === ErrorReason.PHOTO_NOT_UPLOADED);
});

test('a field that breaks its rule is named with its limit', async () => {
  const announce = person.photos.createPhoto({
    requestId: uuidv7(),
    subjectKind: SubjectKind.SYNTHETIC,
    sha256: 'a'.repeat(64),
    sizeBytes: 60_000_000n,
    contentType: 'image/jpeg',
  });
  await expect(announce).rejects.toSatisfy((e) => {
    const detail = errorDetail(e);
    return (
      ConnectError.from(e).code === Code.InvalidArgument &&
      detail?.reason === ErrorReason.INVALID_FIELD &&
      detail.metadata.field === 'size_bytes' &&
      /52428800/.test(detail.metadata.limit ?? '')
    );
  });
});

test('without consent nothing is announced, and withdrawn consent stops what waits', async () => {
  await using silent = await newPerson(mesh.gatewayUrl, { consent: false });
  await expect(uploadBytes(silent, eye)).rejects.toSatisfy(
    (e) => errorDetail(e)?.reason === ErrorReason.CONSENT_REQUIRED,
  );

  await using fickle = await newPerson(mesh.gatewayUrl);
  const photoIds: string[] = [];
  for (let i = 0; i < 5; i++) photoIds.push(await uploadBytes(fickle, await eyeJpeg(30 + i, 1600, 1200)));
  const jobIds = await submit(fickle, ...photoIds);
  const { consents } = await fickle.consent.listConsents({});
  for (const { subject, purpose } of consents) {
    await fickle.consent.withdrawConsent({ requestId: uuidv7(), subject, purpose });
  }
  const jobs = await ended(fickle, jobIds);
  const cancelled = jobs.filter((job) => job.status === JobStatus.CANCELLED);
  expect(cancelled.length).toBeGreaterThanOrEqual(3);
  for (const job of cancelled) expect(job.errorMessage).toMatch(/consent/i);
  await expect(submit(fickle, photoIds[0]!)).rejects.toSatisfy(
    (e) => errorDetail(e)?.reason === ErrorReason.CONSENT_REQUIRED,
  );
});
