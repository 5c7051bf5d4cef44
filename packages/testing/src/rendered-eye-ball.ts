import { type PolarIris, sampleIris } from './rendered-eye-iris.ts';
import { pickTile, sampleTile, seededRandom, smoothstep } from './rendered-eye-noise.ts';
import { blurPlane, makePlane, type Plane } from './rendered-eye-plane.ts';
import { type Scene, toPixels } from './rendered-eye-scene.ts';
import { drawStroke } from './rendered-eye-strokes.ts';

/** Radius of the eyeball in limbus radii (12 mm over 5.9 mm). */
const ballRadius = 2.05;
const turn = 2 * Math.PI;

/** Colour of the eyeball at (u, v), linear RGB, into `out`; `i` is the pixel's index. */
export type BallShader = (i: number, u: number, v: number, out: Float32Array) => void;

/** Place on the iris of a point: angle around the pupil centre and 0 at the pupil's border to 1 at the limbus. */
export function irisPlace(scene: Scene, u: number, v: number): { readonly angle: number; readonly rho: number } {
  const { pupil, limbusRatio } = scene;
  const x = u - pupil.u;
  const y = (v - pupil.v) / limbusRatio;
  const distance = Math.hypot(x, y) || 1e-9;
  const cx = pupil.u;
  const cy = pupil.v / limbusRatio;
  // Where the ray from the pupil centre meets the limbus, a unit circle once v is stretched.
  const along = (x * cx + y * cy) / distance;
  const limbus = -along + Math.sqrt(Math.max(0, along * along - (cx * cx + cy * cy) + 1));
  return { angle: Math.atan2(y, x), rho: (distance - pupil.radius) / (limbus - pupil.radius) };
}

/** Sclera, iris, pupil, the lids' shadow on them and the tear line. The mirrored lights are added later. */
export function makeBallShader(scene: Scene, iris: PolarIris): BallShader {
  const random = seededRandom(scene.seed, 'ball');
  const clouds = pickTile(random, 'smooth');
  const vessels = drawVessels(scene);
  const [lightU, lightV] = [random.between(-0.5, 0.5), -0.75];
  const pixel = 1 / scene.scale;
  const limbusSoftness = 0.035 + pixel;
  const pupilSoftness = 0.012 + pixel;
  const warmth = random.between(0, 1);
  const white = [0.7, 0.655 - 0.015 * warmth, 0.62 - 0.05 * warmth];
  const irisColour = new Float32Array(3);
  return (i, u, v, out) => {
    const { lids } = scene;
    const { angle, rho } = irisPlace(scene, u, v);
    const corner = Math.min(1.1, Math.abs(lids.across(u)));
    const depth = Math.sqrt(Math.max(0.05, 1 - (u * u + v * v) / (ballRadius * ballRadius * 1.7)));
    const facing = Math.max(0, (lightU * u + lightV * v) / ballRadius / 1.3 + depth);
    const round = 0.22 + 0.78 * Math.min(1.1, facing);
    const mottle = 1 + 0.04 * sampleTile(clouds, u * 60 + 100, v * 60);
    const vessel = vessels.data[i] * smoothstep(1.0, 1.35, Math.hypot(u, v));
    const pink = 0.55 * smoothstep(0.5, 1.02, corner) + 0.1 * smoothstep(0.9, 1.5, Math.abs(v));
    const halo = 1 - 0.3 * Math.exp(-Math.max(0, Math.hypot(u, v / scene.limbusRatio) - 1) / 0.07);
    out[0] = white[0] * round * mottle * halo * (1 - 0.12 * pink - 0.12 * vessel);
    out[1] = white[1] * round * mottle * halo * (1 - 0.42 * pink - 0.52 * vessel);
    out[2] = white[2] * round * mottle * halo * (1 - 0.42 * pink - 0.45 * vessel);
    if (rho < 1.2) {
      sampleIris(iris, angle < 0 ? angle + turn : angle, rho, irisColour);
      // The cornea gathers the light on the side away from the lamp.
      const caustic = 0.95 - 0.3 * (lightU * u + lightV * v);
      const inside = smoothstep(limbusSoftness, -limbusSoftness, Math.hypot(u, v / scene.limbusRatio) - 1);
      const hole = smoothstep(-pupilSoftness, pupilSoftness, rho * (1 - scene.pupil.radius));
      for (let c = 0; c < 3; c++) {
        const painted = irisColour[c] * caustic * hole + 0.004;
        out[c] += (painted - out[c]) * inside;
      }
    }
    const below = Math.max(0, v - lids.upper(u));
    const above = Math.max(0, lids.lower(u) - v);
    const shadow =
      (1 - 0.62 * Math.exp(-below / 0.11)) * (1 - 0.34 * Math.exp(-below / 0.38)) * (1 - 0.3 * Math.exp(-above / 0.09));
    const wet =
      0.32 *
      Math.exp(-(((above - 0.028) / (0.012 + pixel)) ** 2)) *
      smoothstep(-0.6, 1.4, sampleTile(clouds, u * 90, 33));
    for (let c = 0; c < 3; c++) out[c] = out[c] * shadow ** (c === 0 ? 0.92 : 1.04) + wet * 0.6;
  };
}

/** Fine vessels that wind from the corners towards the limbus and branch; cover 0 to 1. */
function drawVessels(scene: Scene): Plane {
  const random = seededRandom(scene.seed, 'vessels');
  const plane = makePlane(scene.width, scene.height);
  const grow = (u: number, v: number, heading: number, width: number, generation: number): void => {
    const points: [number, number][] = [];
    const radii: number[] = [];
    const steps = Math.round(random.between(12, 30));
    let [x, y, direction] = [u, v, heading];
    for (let i = 0; i < steps; i++) {
      points.push([...toPixels(scene, x, y)]);
      radii.push(Math.max(0.25, width * scene.scale * (1 - (0.7 * i) / steps)));
      direction += random.normal() * 0.34 - 0.05 * Math.sin(direction - heading);
      x += Math.cos(direction) * 0.045;
      y += Math.sin(direction) * 0.045;
      if (Math.hypot(x, y) < 1.06) break;
      if (generation < 2 && random.next() < 0.1)
        grow(x, y, direction + random.normal() * 0.7, width * 0.6, generation + 1);
    }
    const strength = random.between(0.15, 0.6) * 0.75 ** generation;
    drawStroke(plane, { points, radii, strength }, 1 + 0.004 * scene.scale);
  };
  for (const side of [-1, 1]) {
    const count = Math.round(random.between(7, 14));
    for (let n = 0; n < count; n++) {
      const u = side * random.between(1.6, 2.5);
      const v = random.between(-0.55, 0.8);
      grow(u, v, Math.atan2(-v * 0.5, -side) + random.normal() * 0.25, random.between(0.0025, 0.0065), 0);
    }
  }
  blurPlane(plane, 0.003 * scene.scale);
  return plane;
}
