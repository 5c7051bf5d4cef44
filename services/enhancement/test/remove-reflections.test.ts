import { irisColours } from '@irisvue/testing';
import { Label, meanRadius } from '@irisvue/vision';
import { describe, expect, test } from 'vitest';
import { removeReflections } from '../src/remove-reflections.ts';
import { fillHighlights } from '../src/steps/fill-highlights.ts';
import { findHighlights } from '../src/steps/find-highlights.ts';
import { discMask, enlarge, psnr, renderCrop } from './rendered-crop.ts';

describe('findHighlights', () => {
  test.each(
    irisColours.map((colour, i) => ({
      colour,
      light: (['window', 'ring', 'two lamps', 'softbox'] as const)[i % 4],
      i,
    })),
  )('finds a $light in a $colour iris and little else', ({ colour, light, i }) => {
    const crop = renderCrop({ seed: 60 + i, irisColour: colour, light });
    const { hole, count } = findHighlights(crop.image, crop.labels, crop.geometry);
    const share = (of: (at: number) => boolean, from: (at: number) => boolean) => {
      const all = Array.from(hole.data.keys()).filter(from);
      return all.filter(of).length / all.length;
    };
    const inEye = (at: number) => crop.labels.data[at] >= Label.iris;
    const lit = (at: number) => inEye(at) && crop.highlights.data[at] > 0;
    expect(count).toBeGreaterThan(0);
    expect(share((at) => hole.data[at] > 0, lit)).toBeGreaterThan(0.85);
    expect(
      share(
        (at) => hole.data[at] > 0,
        (at) => inEye(at) && !lit(at),
      ),
    ).toBeLessThan(0.08);
    expect(hole.data.some((value, at) => value > 0 && !inEye(at))).toBe(false);
  });

  test('finds it whatever the exposure', () => {
    const crop = renderCrop({ seed: 5, irisColour: 'green', light: 'softbox' });
    const dim = { ...crop.image, data: crop.image.data.map((value) => Math.round(value * 0.35)) };
    expect(findHighlights(dim, crop.labels, crop.geometry).count).toBe(
      findHighlights(crop.image, crop.labels, crop.geometry).count,
    );
  });

  test('finds nothing in a frame without an eye', () => {
    const crop = renderCrop({ seed: 5 });
    const labels = { ...crop.labels, data: new Uint8Array(crop.labels.data.length) };
    expect(findHighlights(crop.image, labels, crop.geometry).count).toBe(0);
  });

  test('leaves an overexposed iris alone: there is nothing to fill from', () => {
    const crop = renderCrop({ seed: 5, light: 'none' });
    const { limbus } = crop.geometry;
    const lit = discMask(crop.image.width, limbus.cx + 0.3 * limbus.a, limbus.cy, 0.65 * limbus.a);
    const data = crop.image.data.map((value, at) => (lit.data[Math.floor(at / 3)] > 0 ? 250 : value));
    const { count } = findHighlights({ ...crop.image, data }, crop.labels, crop.geometry);
    expect(count).toBe(0);
  });
});

describe('removeReflections', () => {
  test.each(irisColours)('gives back the very pixels of a %s iris without a highlight', async (irisColour) => {
    const crop = renderCrop({ seed: 300, irisColour, light: 'none' });
    const clean = await removeReflections(crop);
    expect(clean.image).toBe(crop.image);
    expect(clean).toMatchObject({ highlights: 0, filledShare: 0 });
  });

  test('changes no pixel outside what it found', async () => {
    const crop = renderCrop({ seed: 9, irisColour: 'blue', light: 'window' });
    const { hole } = findHighlights(crop.image, crop.labels, crop.geometry);
    const data = Buffer.from(crop.image.data);
    const { image, filledShare } = await removeReflections({ ...crop, image: { ...crop.image, data } });
    expect(Buffer.compare(data, crop.image.data)).toBe(0);
    const outside = (at: number) => hole.data[Math.floor(at / 3)] === 0;
    expect(
      Buffer.compare(
        image.data.filter((_, at) => outside(at)),
        crop.image.data.filter((_, at) => outside(at)),
      ),
    ).toBe(0);
    const iris = crop.labels.data.filter((label) => label === Label.iris).length;
    const filled = hole.data.filter((value, at) => value > 0 && crop.labels.data[at] === Label.iris).length;
    expect(filledShare).toBe(filled / iris);
  });

  test('takes the light away and leaves an iris', async () => {
    const lit = renderCrop({ seed: 12, irisColour: 'hazel', light: 'softbox', noise: 0 });
    const unlit = renderCrop({ seed: 12, irisColour: 'hazel', light: 'none', noise: 0 });
    const { image } = await removeReflections(lit);
    expect(psnr(lit.image, unlit.image, lit.highlights)).toBeLessThan(8);
    expect(psnr(image, unlit.image, lit.highlights)).toBeGreaterThan(20);
  });

  test('works on a large crop at its own resolution', async () => {
    const crop = await enlarge(renderCrop({ seed: 9, irisColour: 'grey', light: 'window' }), 7);
    expect(meanRadius(crop.geometry.limbus)).toBeGreaterThan(512);
    const { image, highlights } = await removeReflections(crop);
    expect(highlights).toBeGreaterThan(0);
    expect(image.width).toBe(crop.image.width);
  });
});

describe('fillHighlights', () => {
  const crop = renderCrop({ seed: 31, irisColour: 'blue', light: 'none', openness: 1.3 });
  const { limbus } = crop.geometry;
  const radius = meanRadius(limbus);
  const hole = discMask(crop.image.width, limbus.cx - 0.62 * radius, limbus.cy, 0.09 * radius);
  const glared = { ...crop.image, data: crop.image.data.map((v, at) => (hole.data[Math.floor(at / 3)] > 0 ? 255 : v)) };

  test('is closer to the iris than its own mean colour', async () => {
    const filled = await fillHighlights({ ...crop, image: glared }, hole);
    const mean = [0, 1, 2].map((c) => {
      const values = crop.image.data.filter(
        (_, at) => at % 3 === c && crop.labels.data[Math.floor(at / 3)] === Label.iris,
      );
      return values.reduce((sum, v) => sum + v, 0) / values.length;
    });
    const flat = { ...crop.image, data: crop.image.data.map((_, at) => mean[at % 3]) };
    expect(psnr(filled, crop.image, hole)).toBeGreaterThan(psnr(flat, crop.image, hole) + 1);
  });

  test('leaves what no light covers nearly as it was', async () => {
    const filled = await fillHighlights(crop, hole);
    expect(psnr(filled, crop.image, hole)).toBeGreaterThan(psnr(glared, crop.image, hole) + 20);
    expect(psnr(filled, crop.image, hole)).toBeGreaterThan(29);
  });

  test('sees the iris through the soft edge of a light', async () => {
    const veil = (at: number) => {
      const x = (at % crop.image.width) + 0.5 - (limbus.cx - 0.62 * radius);
      const y = Math.floor(at / crop.image.width) + 0.5 - limbus.cy;
      return Math.min(1, Math.max(0, (0.09 * radius - Math.hypot(x, y)) / (0.04 * radius)));
    };
    const lit = {
      ...crop.image,
      data: crop.image.data.map((v, at) => Math.round(v + veil(Math.floor(at / 3)) * (255 - v))),
    };
    const edge = { ...hole, data: hole.data.map((v, at) => (v > 0 && veil(at) < 0.6 ? 255 : 0)) };
    const seen = await fillHighlights({ ...crop, image: lit }, hole);
    const guessed = await fillHighlights({ ...crop, image: glared }, hole);
    expect(psnr(seen, crop.image, edge)).toBeGreaterThan(psnr(guessed, crop.image, edge) + 2);
  });

  test('keeps the border of the pupil where a light lies across it', async () => {
    const { pupil } = crop.geometry;
    const across = discMask(crop.image.width, pupil!.cx + pupil!.a, pupil!.cy, 0.1 * radius);
    const { data } = await fillHighlights(crop, across);
    const grey = (x: number) => data[(Math.floor(pupil!.cy) * crop.image.width + Math.floor(x)) * 3 + 1];
    expect(grey(pupil!.cx + pupil!.a - 4)).toBeLessThan(50);
    expect(grey(pupil!.cx + pupil!.a + 5)).toBeGreaterThan(60);
  });

  test('keeps it also where the label map takes the light for iris', async () => {
    const { pupil } = crop.geometry;
    const across = discMask(crop.image.width, pupil!.cx + pupil!.a, pupil!.cy, 0.12 * radius);
    const labels = {
      ...crop.labels,
      data: crop.labels.data.map((label, at) => (across.data[at] > 0 ? Label.iris : label)),
    };
    const { data } = await fillHighlights({ ...crop, labels }, across);
    const grey = (x: number) => data[(Math.floor(pupil!.cy) * crop.image.width + Math.floor(x)) * 3 + 1];
    for (let d = 3; d < 0.11 * radius; d++) expect(grey(pupil!.cx + pupil!.a - d)).toBeLessThan(50);
    expect(grey(pupil!.cx + pupil!.a + 5)).toBeGreaterThan(60);
  });
});
