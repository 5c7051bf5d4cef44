import { seededRandom, smoothstep } from './rendered-eye-noise.ts';
import type { Scene } from './rendered-eye-scene.ts';

/** How bright the mirrored light is at a place in eye units, 0 to 1. */
export type Glare = (u: number, v: number) => number;

/**
 * The light that the cornea mirrors. The cornea is a convex mirror, so straight edges bow outwards; the mirror image
 * lies up and to one side of the pupil, where photographers have their window.
 */
export function makeGlare(scene: Scene): Glare {
  const random = seededRandom(scene.seed, 'light');
  const side = random.next() < 0.5 ? -1 : 1;
  const u0 = side * random.between(0.2, 0.42);
  const v0 = random.between(-0.48, -0.22);
  const tilt = side * random.between(-0.05, 0.2);
  const edge = Math.max(0.006, 1.2 / scene.scale);
  const size = random.between(0.8, 1.15);
  const local = (u: number, v: number, cu: number, cv: number): [number, number] => {
    const du = u - cu;
    const dv = v - cv;
    const x = du * Math.cos(tilt) + dv * Math.sin(tilt);
    const y = dv * Math.cos(tilt) - du * Math.sin(tilt);
    const bow = 1 + 2.2 * (x * x + y * y);
    return [x * bow, y * bow];
  };
  const pane = (x: number, y: number, w: number, h: number) =>
    smoothstep(-edge, edge, w - Math.abs(x)) * smoothstep(-edge, edge, h - Math.abs(y));
  switch (scene.light) {
    case 'none':
      return () => 0;
    case 'window': {
      const w = 0.115 * size;
      const h = 0.15 * size;
      return (u, v) => {
        const [x, y] = local(u, v, u0, v0);
        const bars =
          smoothstep(0.008 - edge, 0.008 + edge, Math.abs(x)) *
          smoothstep(0.008 - edge, 0.008 + edge, Math.abs(y + 0.2 * h));
        return pane(x, y, w, h) * bars * (0.82 + 0.18 * smoothstep(h, -h, y));
      };
    }
    case 'softbox': {
      const w = 0.14 * size;
      const h = 0.1 * size;
      return (u, v) => {
        const [x, y] = local(u, v, u0, v0);
        return pane(x, y, w, h) * (1 - 0.25 * Math.min(1, (x * x) / (w * w) + (y * y) / (h * h)));
      };
    }
    case 'ring': {
      const radius = 0.3 * size;
      const half = 0.028 * size;
      return (u, v) => {
        const d = Math.abs(Math.hypot(u - 0.1 * u0, v - 0.1 * v0) - radius);
        return smoothstep(half + edge, half - edge, d);
      };
    }
    case 'two lamps':
      return (u, v) => {
        const first = Math.hypot(u - u0, v - v0) / (0.085 * size);
        const second = Math.hypot(u + 0.9 * u0, v - v0 - 0.1) / (0.055 * size);
        const soft = edge * 12;
        return Math.max(smoothstep(1 + soft, 1 - soft, first), 0.9 * smoothstep(1 + soft, 1 - soft, second));
      };
    default:
      return scene.light satisfies never;
  }
}
