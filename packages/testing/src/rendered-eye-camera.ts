import type { Image } from '@irisvue/vision';
import { seededRandom, smoothstep } from './rendered-eye-noise.ts';
import { blurPlane, type Plane } from './rendered-eye-plane.ts';
import type { Scene } from './rendered-eye-scene.ts';

/** Linear light to 8-bit sRGB, as a table of 4096 steps over [0, 1.25]. */
const toneSteps = 4096;
const toneReach = 1.25;
const toneCurve = Float32Array.from({ length: toneSteps + 1 }, (_, i) => {
  const light = (i / toneSteps) * toneReach;
  // A shoulder above 0.7, so that highlights roll off instead of being cut.
  const rolled = light < 0.7 ? light : 0.7 + 0.3 * (1 - Math.exp(-(light - 0.7) / 0.3));
  return 255 * (rolled <= 0.0031308 ? 12.92 * rolled : 1.055 * rolled ** (1 / 2.4) - 0.055);
});

/**
 * What the camera makes of the light: 1) lens blur, more of it away from the iris, where the
 * lens is focused; 2) vignetting and exposure; 3) the tone curve into sRGB;
 * 4) noise of the sensor, stronger in the shadows. `rgb` is linear, interleaved; it is used up.
 */
export function photograph(scene: Scene, rgb: Float32Array, noise: number): Image {
  const { width, height } = scene;
  const count = width * height;
  const blur = Math.max(0.55, 0.0022 * scene.scale);
  const channel: Plane = { width, height, data: new Float32Array(count) };
  const far: Plane = { width, height, data: new Float32Array(count) };
  const focus = { from: (1.5 * scene.scale) ** 2, to: (3.2 * scene.scale) ** 2 };
  const random = seededRandom(scene.seed, 'camera');
  const exposure = random.between(0.98, 1.1);
  const data = new Uint8Array(count * 3);
  // One table of Gaussian noise read from random places is as good as fresh numbers and ten times as fast.
  const grains = Float32Array.from({ length: 65536 }, () => random.normal());
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < count; i++) channel.data[i] = rgb[i * 3 + c];
    blurPlane(channel, blur);
    far.data.set(channel.data);
    blurPlane(far, 0.011 * scene.scale);
    let grain = Math.floor(random.next() * 65536);
    for (let y = 0, i = 0; y < height; y++) {
      const dy = (y / height - 0.5) ** 2;
      grain = (grain + Math.floor(random.next() * 65536)) & 65535;
      for (let x = 0; x < width; x++, i++) {
        const vignette = 1 - 0.45 * ((x / width - 0.5) ** 2 + dy);
        const distance = (x - scene.cx) ** 2 + (y - scene.cy) ** 2;
        const soft = smoothstep(focus.from, focus.to, distance);
        const sharp = channel.data[i] + (far.data[i] - channel.data[i]) * soft;
        const light = Math.max(0, sharp * exposure * vignette);
        const tone = toneCurve[Math.min(toneSteps, Math.round((light / toneReach) * toneSteps))];
        const value = tone + noise * (1.3 - tone / 400) * grains[(grain + x) & 65535];
        data[i * 3 + c] = value < 0 ? 0 : value > 255 ? 255 : value + 0.5;
      }
    }
  }
  return { width, height, data };
}
