import { Label } from '@irisvue/vision';
import { describe, expect, it } from 'vitest';
import { renderEye } from '../src/rendered-eye.ts';

const request = { seed: 7, width: 240, height: 180, irisColour: 'blue', light: 'window' } as const;

describe('renderEye', () => {
  it('gives the same picture for the same request', () => {
    expect(Buffer.from(renderEye(request).image.data)).toEqual(Buffer.from(renderEye(request).image.data));
  });

  it('gives another eye for another seed', () => {
    expect(renderEye({ ...request, seed: 8 }).geometry).not.toEqual(renderEye(request).geometry);
  });

  it('changes only the highlight when the light is switched off', () => {
    const lit = renderEye({ ...request, noise: 0 });
    const unlit = renderEye({ ...request, noise: 0, light: 'none' });
    expect(unlit.labels).toEqual(lit.labels);
    expect(unlit.highlights.data.some((v) => v > 0)).toBe(false);
    const { width, height, data } = lit.highlights;
    const marked = Array.from(data.keys()).filter((i) => data[i] > 0);
    const bounds = {
      left: Math.min(...marked.map((i) => i % width)) - 4,
      right: Math.max(...marked.map((i) => i % width)) + 4,
      top: Math.floor(marked[0] / width) - 4,
      bottom: Math.floor(marked[marked.length - 1] / width) + 4,
    };
    for (let i = 0; i < width * height; i++) {
      const x = i % width;
      const y = (i - x) / width;
      if (x >= bounds.left && x <= bounds.right && y >= bounds.top && y <= bounds.bottom) continue;
      expect(lit.image.data.subarray(i * 3, i * 3 + 3)).toEqual(unlit.image.data.subarray(i * 3, i * 3 + 3));
    }
    const inside = marked.reduce((sum, i) => sum + lit.image.data[i * 3] - unlit.image.data[i * 3], 0);
    expect(inside / marked.length).toBeGreaterThan(50);
  });

  it('labels iris and pupil where its geometry says', () => {
    const { labels, geometry } = renderEye({ ...request, openness: 1.4 });
    const { limbus, pupil } = geometry;
    const count = (label: number) => labels.data.filter((v) => v === label).length;
    expect(count(Label.pupil)).toBeCloseTo(Math.PI * pupil!.a * pupil!.b, -2);
    expect(count(Label.iris) + count(Label.pupil)).toBeCloseTo(Math.PI * limbus.a * limbus.b, -3);
    expect(labels.data[Math.floor(pupil!.cy) * labels.width + Math.floor(pupil!.cx)]).toBe(Label.pupil);
  });

  it('shows a dark pupil, a blue iris and a bright sclera', () => {
    const { image, labels } = renderEye({ ...request, light: 'none' });
    const mean = (label: number, channel: number) => {
      let sum = 0;
      let n = 0;
      labels.data.forEach((v, i) => {
        if (v !== label) return;
        sum += image.data[i * 3 + channel];
        n++;
      });
      return sum / n;
    };
    expect(mean(Label.pupil, 1)).toBeLessThan(45);
    expect(mean(Label.iris, 2)).toBeGreaterThan(mean(Label.iris, 0) + 25);
    expect(mean(Label.sclera, 1)).toBeGreaterThan(mean(Label.iris, 1) + 40);
  });
});
