import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodePhoto, type Image, photoLimits, RejectionReason } from '../src/index.ts';

/** Colour of a pixel of a picture whose quarters are red, green (top), blue, white (bottom): any turn or mirror shows. */
function quarterColour(x: number, y: number): readonly number[] {
  if (y < HEIGHT / 2) return x < WIDTH / 2 ? RED : GREEN;
  return x < WIDTH / 2 ? BLUE : WHITE;
}

/** That picture with rows and columns stored as a camera held that way stores them (Exif 2.32, tag 274). */
function quarters(orientation = 1): Sharp {
  const turned = orientation >= 5;
  const [columns, rows] = turned ? [HEIGHT, WIDTH] : [WIDTH, HEIGHT];
  const data = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const [alongX, alongY] = turned ? [r, c] : [c, r];
      const x = [2, 3, 6, 7].includes(orientation) ? WIDTH - 1 - alongX : alongX;
      const y = [3, 4, 7, 8].includes(orientation) ? HEIGHT - 1 - alongY : alongY;
      data.set(quarterColour(x, y), (r * columns + c) * 3);
    }
  }
  return sharp(data, { raw: { width: columns, height: rows, channels: 3 } });
}
const WIDTH = 160;
const HEIGHT = 120;
const RED = [220, 30, 30] as const;
const GREEN = [30, 200, 30] as const;
const BLUE = [30, 30, 220] as const;
const WHITE = [240, 240, 240] as const;

async function decoded(bytes: Uint8Array): Promise<Image> {
  const photo = await decodePhoto(bytes);
  if ('rejection' in photo) throw new Error(photo.rejection.message);
  return photo.image;
}

async function refused(bytes: Uint8Array) {
  const photo = await decodePhoto(bytes);
  if ('image' in photo) throw new Error('was accepted');
  return photo.rejection;
}

function expectQuarters({ width, height, data }: Image, tolerance: number): void {
  expect(data).toHaveLength(width * height * 3);
  const at = (fx: number, fy: number) => {
    const i = (Math.floor(fy * height) * width + Math.floor(fx * width)) * 3;
    return [...data.subarray(i, i + 3)];
  };
  const corners = [at(0.25, 0.25), at(0.75, 0.25), at(0.25, 0.75), at(0.75, 0.75)];
  for (const [found, expected] of corners.map((c, i) => [c, [RED, GREEN, BLUE, WHITE][i]] as const)) {
    for (let k = 0; k < 3; k++) expect(Math.abs(found[k] - expected[k])).toBeLessThanOrEqual(tolerance);
  }
}

describe('formats', () => {
  test.each(['jpeg', 'png', 'webp', 'avif', 'tiff'] as const)('%s is read', async (format) => {
    const image = await decoded(await quarters().toFormat(format).toBuffer());
    expect([image.width, image.height]).toEqual([160, 120]);
    expectQuarters(image, 12);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('EXIF orientation %i is undone', async (orientation) => {
    const bytes = await quarters(orientation).jpeg({ quality: 95 }).withMetadata({ orientation }).toBuffer();
    const header = await sharp(bytes).metadata();
    expect(header.orientation).toBe(orientation);
    expect([header.width, header.height]).toEqual(orientation >= 5 ? [120, 160] : [160, 120]);

    const image = await decoded(bytes);
    expect([image.width, image.height]).toEqual([160, 120]);
    expectQuarters(image, 14);
  });

  test('CMYK becomes sRGB', async () => {
    const bytes = await quarters().toColourspace('cmyk').jpeg().toBuffer();
    expect((await sharp(bytes).metadata()).space).toBe('cmyk');
    const { data } = await decoded(bytes);
    expect(data[0]).toBeGreaterThan(data[1] + 80);
  });

  test('16 bits become 8', async () => {
    const bytes = await quarters().toColourspace('rgb16').png().toBuffer();
    expect((await sharp(bytes).metadata()).depth).toBe('ushort');
    expectQuarters(await decoded(bytes), 1);
  });

  test('grey becomes three channels', async () => {
    const { data, width, height } = await decoded(await quarters().toColourspace('b-w').png().toBuffer());
    expect(data).toHaveLength(width * height * 3);
    expect(data[0]).toBe(data[1]);
  });

  test('a wide-gamut profile is applied', async () => {
    const p3 = await quarters().withIccProfile('p3').png().toBuffer();
    expect((await sharp(p3).metadata()).hasProfile).toBe(true);
    expectQuarters(await decoded(p3), 4);
  });

  test('transparent parts become black', async () => {
    const clear = {
      create: { width: 120, height: 120, channels: 4, background: { r: 255, g: 255, b: 255, alpha: 0 } },
    };
    const image = await decoded(
      await sharp(clear as SharpOptions)
        .png()
        .toBuffer(),
    );
    expect(image.data.every((value) => value === 0)).toBe(true);
  });

  test('an animation gives its first frame', async () => {
    const frames = Buffer.concat([Buffer.alloc(120 * 120 * 3, 200), Buffer.alloc(120 * 120 * 3, 10)]);
    const bytes = await sharp(frames, { raw: { width: 120, height: 240, channels: 3, pageHeight: 120 } })
      .webp({ lossless: true })
      .toBuffer();
    expect((await sharp(bytes).metadata()).pages).toBe(2);
    const image = await decoded(bytes);
    expect([image.width, image.height, image.data[0]]).toEqual([120, 120, 200]);
  });
});

describe('refused', () => {
  test('text named .jpg, an empty file, vector graphics', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="500" height="500"/>';
    for (const text of ['this is not a photo, whatever its name says', '', svg, 'GIF89a']) {
      const rejection = await refused(Buffer.from(text));
      expect(rejection.reason).toBe(RejectionReason.NOT_AN_IMAGE);
      expect(rejection.suggestion).toContain('JPEG');
    }
  });

  test.each(['jpeg', 'png', 'webp', 'avif', 'tiff'] as const)('%s cut off anywhere', async (format) => {
    const whole = await sharp({
      create: {
        width: 200,
        height: 150,
        channels: 3,
        background: '#888',
        noise: { type: 'gaussian', mean: 128, sigma: 40 },
      },
    })
      .toFormat(format)
      .toBuffer();
    for (const share of [0.02, 0.3, 0.97]) {
      const { reason } = await refused(whole.subarray(0, Math.max(40, Math.floor(whole.length * share))));
      expect(reason).toBe(RejectionReason.TRUNCATED);
    }
  });

  test('one pixel', async () => {
    const dot = await quarters().resize(1, 1).png().toBuffer();
    expect(await refused(dot)).toMatchObject({
      reason: RejectionReason.TOO_SMALL,
      measured: 1,
      limit: 100,
      unit: 'px',
    });
  });

  test('a bomb of 20 000 × 20 000 pixels, before it is decoded', async () => {
    const bomb = pngHeader(20_000, 20_000);
    const before = process.memoryUsage.rss();
    expect(await refused(bomb)).toMatchObject({
      reason: RejectionReason.TOO_LARGE,
      measured: 400_000_000,
      limit: 100_000_000,
      unit: 'px',
    });
    expect(process.memoryUsage.rss() - before).toBeLessThan(50 * 1024 * 1024);
  });

  test('more bytes than the limit, before they are looked at', async () => {
    const rejection = await refused(new Uint8Array(photoLimits.maxBytes + 1));
    expect(rejection).toMatchObject({ reason: RejectionReason.TOO_LARGE, limit: 52_428_800, unit: 'bytes' });
  });
});

/** A PNG whose header announces a size; its data is one short block, as in a decompression bomb. */
function pngHeader(width: number, height: number): Uint8Array {
  const size = Buffer.alloc(13);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  size.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', size),
    chunk('IDAT', deflateSync(Buffer.alloc(1000))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, body: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const framed = Buffer.alloc(typed.length + 8);
  framed.writeUInt32BE(body.length, 0);
  typed.copy(framed, 4);
  framed.writeUInt32BE(crc32(typed), typed.length + 4);
  return framed;
}
