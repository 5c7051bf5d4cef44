import { pickTile, sampleTile, seededRandom, smoothstep } from './rendered-eye-noise.ts';
import { makePlane } from './rendered-eye-plane.ts';
import { forEachPixel, type Scene } from './rendered-eye-scene.ts';

/** Skin further inside the opening than this, in eye units, lies behind the eyeball and is not painted. */
const hiddenFrom = -0.1;

/**
 * Paints skin over the whole picture, linear RGB interleaved:
 * 1) relief: the ball under the lids, the crease and the fold above it, the rim of the lower lid, small plates,
 * pores and wrinkles along the lids; 2) light from above, wrapped around as skin scatters it, red going deepest;
 * 3) tone: redness at the lids, blotches, a little gloss.
 */
export function paintSkin(scene: Scene, rgb: Float32Array): void {
  const random = seededRandom(scene.seed, 'skin');
  const clouds = pickTile(random, 'smooth');
  const grit = pickTile(random, 'grit');
  const plates = pickTile(random, 'plates');
  const relief = makePlane(scene.width, scene.height);
  const crease = random.between(0.4, 0.62);
  const fold = random.between(0.05, 0.1);
  const { lids } = scene;
  forEachPixel(scene, (i, u, v) => {
    const above = lids.upper(u) - v;
    const below = v - lids.lower(u);
    if (Math.max(above, below) < hiddenFrom) return;
    const t = Math.min(1.4, Math.abs(lids.across(u)));
    const wobble = 0.02 * sampleTile(clouds, u * 30, v * 14);
    const line = above - crease * (1 - 0.62 * t * t) + wobble;
    const depth = 0.75 + 0.3 * sampleTile(clouds, u * 18, 201);
    const side = Math.max(0, t - 0.75);
    let h = 0.62 * Math.exp(-(u * u * 0.15 + v * v * 0.32));
    h += fold * smoothstep(0, 0.05, line) * Math.exp(-Math.max(0, line) / 0.55) * smoothstep(1.45, 1, t);
    h -= 0.03 * depth * Math.exp(-((line / 0.045) ** 2)) * smoothstep(1.5, 0.9, t);
    const second = Math.max(0, 0.6 + 0.6 * sampleTile(clouds, u * 25, 11));
    h -= 0.01 * second * Math.exp(-(((line - 0.16 + 2 * wobble) / 0.025) ** 2)) * smoothstep(1.2, 0.7, t);
    const under = Math.max(0, below);
    h += 0.035 * Math.exp(-(((under - 0.05) / 0.05) ** 2));
    h -= 0.03 * Math.exp(-(((under - 0.42 - 0.1 * t) / 0.14) ** 2));
    const alongLid = above > 0 ? above : below;
    // Wrinkles follow the lids; near the corners they fan out.
    const wrinkle = sampleTile(clouds, u * 16 + 40, alongLid * 150 + side * u * 60);
    h += (0.0028 + 0.004 * side) * wrinkle * smoothstep(0.03, 0.2, alongLid);
    const stretch = above > 0 ? 1.5 : 1.25;
    const strength = 0.55 + 0.45 * sampleTile(clouds, u * 20 + 150, v * 20);
    h += 0.00075 * strength * sampleTile(plates, u * 200, v * 200 * stretch + 20 * wobble);
    h += 0.0007 * sampleTile(grit, u * 120, v * 120) + 0.0035 * sampleTile(clouds, u * 90, v * 120);
    relief.data[i] = h;
  });
  lightSkin(scene, relief.data, rgb, { clouds, grit, crease });
}

function lightSkin(
  scene: Scene,
  relief: Float32Array,
  rgb: Float32Array,
  surface: { readonly clouds: Float32Array; readonly grit: Float32Array; readonly crease: number },
): void {
  const { width, height, skin, lids } = scene;
  const { clouds, grit, crease } = surface;
  const light = [-0.28, -0.52, 0.8];
  const lightLength = Math.hypot(...light);
  const halfway = [-0.15, -0.28, 0.95];
  const perPixel = scene.scale / 2;
  forEachPixel(scene, (i, u, v) => {
    const above = lids.upper(u) - v;
    const below = v - lids.lower(u);
    if (Math.max(above, below) < hiddenFrom) return;
    const x = i % width;
    const y = (i - x) / width;
    const right = x + 1 < width ? i + 1 : i;
    const left = x > 0 ? i - 1 : i;
    const down = y + 1 < height ? i + width : i;
    const up = y > 0 ? i - width : i;
    const nx = (relief[left] - relief[right]) * perPixel;
    const ny = (relief[up] - relief[down]) * perPixel;
    const inverse = 1 / Math.sqrt(nx * nx + ny * ny + 1);
    const lambert = ((nx * light[0] + ny * light[1] + light[2]) * inverse) / lightLength;
    const lit = 0.3 + 0.7 * Math.max(0, (lambert + 0.25) / 1.25);
    const mirror = Math.max(0, (nx * halfway[0] + ny * halfway[1] + halfway[2]) * inverse);
    const gloss = (0.012 + 0.06 * skin[1]) * mirror ** 36 * (1 + 0.35 * sampleTile(grit, u * 130, v * 130));
    const outside = Math.max(0, above, below);
    const t = Math.min(1.4, Math.abs(lids.across(u)));
    const line = above - crease * (1 - 0.62 * t * t) + 0.02 * sampleTile(clouds, u * 30, v * 14);
    const occluded =
      (1 - 0.38 * Math.exp(-((line / 0.06) ** 2)) * smoothstep(1.4, 0.8, t)) *
      (1 - 0.25 * Math.exp(-(((line + 0.06) / 0.14) ** 2)) * smoothstep(1.4, 0.9, t)) *
      (1 - 0.62 * Math.exp(-Math.max(0, above) / 0.07) * (above > 0 ? 1 : 0)) *
      (1 - 0.18 * Math.exp(-((Math.max(0, below - 0.45) / 0.3) ** 2)) * (below > 0.1 ? 1 : 0)) *
      (1 - 0.4 * smoothstep(1.8, 3.4, above));
    const shade = lit * occluded;
    const red = 0.7 * Math.exp(-outside / 0.3) + 0.22 * sampleTile(clouds, u * 22 + 300, v * 22);
    const blotch = 1 + 0.05 * sampleTile(clouds, u * 34, v * 34 + 60) + 0.02 * sampleTile(grit, u * 60, v * 60 + 9);
    rgb[i * 3] = skin[0] * shade ** 0.85 * blotch * (1 + 0.04 * red) + gloss;
    rgb[i * 3 + 1] = skin[1] * shade ** 1.05 * blotch * (1 - 0.2 * red) + gloss;
    rgb[i * 3 + 2] = skin[2] * shade ** 1.12 * blotch * (1 - 0.18 * red) + gloss;
    if (below > -0.02 && below < 0.16) paintRim(scene, rgb, i, below, sampleTile(clouds, u * 40, 70), shade);
  });
}

/** The moist, paler rim of the lower lid, 2 mm wide. */
function paintRim(scene: Scene, rgb: Float32Array, i: number, below: number, wave: number, shade: number): void {
  const cover = 0.75 * smoothstep(0.13 + 0.01 * wave, 0.07, below);
  const glint = 0.16 * Math.exp(-(((below - 0.03) / 0.02) ** 2)) * smoothstep(0, 1.6, wave);
  const rim = [0.1 + 0.85 * scene.skin[0], 0.06 + 0.66 * scene.skin[1], 0.05 + 0.66 * scene.skin[2]];
  for (let c = 0; c < 3; c++) rgb[i * 3 + c] += (rim[c] * (0.35 + 0.65 * shade) - rgb[i * 3 + c]) * cover + glint;
}
