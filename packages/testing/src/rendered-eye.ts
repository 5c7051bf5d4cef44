import { emptyMask, type Image, type IrisGeometry, Label, type Mask } from '@irisvue/vision';
import { irisPlace, makeBallShader } from './rendered-eye-ball.ts';
import { photograph } from './rendered-eye-camera.ts';
import { paintIris } from './rendered-eye-iris.ts';
import { drawHair } from './rendered-eye-lashes.ts';
import { makeGlare } from './rendered-eye-lights.ts';
import { smoothstep } from './rendered-eye-noise.ts';
import { type EyeRequest, forEachPixel, makeScene, type Scene, sceneGeometry } from './rendered-eye-scene.ts';
import { paintSkin } from './rendered-eye-skin.ts';

/** A picture of nobody's eye, with the truth about it. */
export interface RenderedEye {
  readonly image: Image;
  /** {@link Label} values, as large as the picture. Lashes and highlights count as what they cover. */
  readonly labels: Mask;
  readonly geometry: IrisGeometry;
  /** 255 where a mirrored light hides the eye, 0 elsewhere. */
  readonly highlights: Mask;
}

/** Deviation of the sensor's noise in the shadows, in grey levels. */
const defaultNoise = 1.6;

/** Share of mirrored light from which a pixel counts as hidden. */
const hiddenFrom = 0.12;

/**
 * Renders an eye. The same request gives the same picture; the same seed at another size gives the same eye; switching
 * the light changes nothing but the highlights.
 *
 * 1) skin and lids; 2) the eyeball with its iris, inside the opening of the lids; 3) lights mirrored by the cornea;
 * 4) lashes and their shadow; 5) the camera. All drawn in linear light and in eye units (limbus radius = 1).
 * Takes about a second per 3 megapixels and 40 bytes per pixel.
 */
export function renderEye(request: EyeRequest & { readonly noise?: number }): RenderedEye {
  const scene = makeScene(request);
  const rgb = new Float32Array(scene.width * scene.height * 3);
  const highlights = emptyMask(scene.width, scene.height);
  paintSkin(scene, rgb);
  paintBall(scene, rgb, highlights.data);
  paintHair(scene, rgb);
  return {
    image: photograph(scene, rgb, request.noise ?? defaultNoise),
    labels: labelEye(scene),
    geometry: sceneGeometry(scene),
    highlights,
  };
}

function paintBall(scene: Scene, rgb: Float32Array, highlights: Uint8Array): void {
  const shade = makeBallShader(scene, paintIris(scene));
  const glare = makeGlare(scene);
  const { lids } = scene;
  const pixel = 1 / scene.scale;
  const out = new Float32Array(3);
  forEachPixel(scene, (i, u, v) => {
    const inside = Math.min(v - lids.upper(u), lids.lower(u) - v);
    if (inside < -pixel) return;
    shade(i, u, v, out);
    const mirrored = Math.hypot(u, v) < 1 ? glare(u, v) : 0;
    if (mirrored > hiddenFrom && inside > 0) highlights[i] = 255;
    const opening = smoothstep(-pixel, pixel, inside);
    for (let c = 0; c < 3; c++) {
      const light = out[c] + mirrored * (1.15 - out[c]);
      rgb[i * 3 + c] += (light - rgb[i * 3 + c]) * opening;
    }
  });
}

function paintHair(scene: Scene, rgb: Float32Array): void {
  const { cover, shadow } = drawHair(scene);
  const tone = (scene.skin[0] + scene.skin[1] + scene.skin[2]) / 3;
  const hair = [0.012 + 0.02 * tone, 0.008 + 0.011 * tone, 0.006 + 0.006 * tone];
  for (let i = 0; i < cover.data.length; i++) {
    const dark = 1 - 0.8 * shadow.data[i];
    const hidden = cover.data[i];
    for (let c = 0; c < 3; c++) {
      const lit = rgb[i * 3 + c] * dark;
      rgb[i * 3 + c] = lit + (hair[c] - lit) * hidden;
    }
  }
}

function labelEye(scene: Scene): Mask {
  const labels = emptyMask(scene.width, scene.height);
  const { lids } = scene;
  forEachPixel(scene, (i, u, v) => {
    if (v <= lids.upper(u) || v >= lids.lower(u)) return;
    if (Math.hypot(u, v / scene.limbusRatio) > 1) labels.data[i] = Label.sclera;
    else labels.data[i] = irisPlace(scene, u, v).rho < 0 ? Label.pupil : Label.iris;
  });
  return labels;
}
