import { type Image, Label, type Mask } from '@irisvue/vision';
import { linearLight, luminance, srgbValue } from './srgb.ts';

/** Factors on linear red, green and blue. */
export type WhiteGains = readonly [red: number, green: number, blue: number];

/** Sclera pixels that are needed to speak of a colour, and their share of the picture. */
const leastPixels = 300;
const leastShare = 0.004;
/** A living sclera is not paper: a little warm. Linear red and blue over green of a clean one in neutral light. */
const scleraRed = 1.08;
const scleraBlue = 0.95;
/** Share of the cast that is taken out; the rest may be the eye's own. */
const strength = 0.55;
/** No channel changes by more than this factor. */
const mostGain = 1.2;
/** A sclera further from white than this factor is lit by coloured light, inflamed, or not a sclera: left alone. */
const mostTint = 1.9;
/** Brightness quantiles between which sclera pixels count: below are shadows, vessels and lashes, above highlights. */
const fromQuantile = 0.4;
const toQuantile = 0.95;

/**
 * White balance from the sclera: 1) sclera pixels of middle to high brightness, none clipped; 2) medians of red over
 * green and blue over green in linear light; 3) gains towards a clean sclera, by a share and within bounds, that leave
 * the luminance of grey as it was. Undefined when there is too little sclera or it is too tinted to be believed.
 */
export function measureWhiteBalance(image: Image, labels: Mask): WhiteGains | undefined {
  const sclera = scleraPixels(image, labels);
  if (sclera.length < Math.max(leastPixels, (leastShare * labels.data.length) / stride(labels))) return undefined;
  sclera.sort((a, b) => a.luminance - b.luminance);
  const used = sclera.slice(Math.floor(sclera.length * fromQuantile), Math.ceil(sclera.length * toQuantile));
  const red = median(used.map(({ red }) => red)) / scleraRed;
  const blue = median(used.map(({ blue }) => blue)) / scleraBlue;
  if ([red, blue].some((tint) => tint > mostTint || tint < 1 / mostTint)) return undefined;
  const gains = [bounded(red ** -strength), 1, bounded(blue ** -strength)] as const;
  const grey = luminance(...gains);
  return [gains[0] / grey, gains[1] / grey, gains[2] / grey];
}

/** Applies gains in linear light, in place. */
export function balanceWhite({ data }: Image, gains: WhiteGains): void {
  const tables = gains.map((gain) => Uint8Array.from(linearLight, (light) => Math.round(srgbValue(light * gain))));
  for (let i = 0; i < data.length; i += 3) {
    for (let c = 0; c < 3; c++) data[i + c] = tables[c][data[i + c]];
  }
}

interface ScleraPixel {
  readonly luminance: number;
  /** Linear red over green. */
  readonly red: number;
  /** Linear blue over green. */
  readonly blue: number;
}

/** Every so many-th pixel is looked at, so that large crops cost no more. */
const sampleSize = 400_000;
/** From this value on a channel may be clipped. */
const clipped = 250;
/** Below this value a channel is noise. */
const dark = 12;

function stride(labels: Mask): number {
  return Math.max(1, Math.floor(labels.data.length / sampleSize));
}

function scleraPixels({ data }: Image, labels: Mask): ScleraPixel[] {
  const step = stride(labels);
  const found: ScleraPixel[] = [];
  for (let i = 0; i < labels.data.length; i += step) {
    if (labels.data[i] !== Label.sclera) continue;
    const [r, g, b] = [data[i * 3], data[i * 3 + 1], data[i * 3 + 2]];
    if (Math.max(r, g, b) >= clipped || Math.min(r, g, b) < dark) continue;
    const green = linearLight[g];
    found.push({
      luminance: luminance(linearLight[r], green, linearLight[b]),
      red: linearLight[r] / green,
      blue: linearLight[b] / green,
    });
  }
  return found;
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[Math.floor(values.length / 2)];
}

function bounded(gain: number): number {
  return Math.min(mostGain, Math.max(1 / mostGain, gain));
}
