import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { decodePicture, type Ellipse, emptyMask, Label, type Mask } from '@irisvue/vision';
import sharp from 'sharp';
import { z } from 'zod';
import { type Half, halfOf } from './half.ts';
import type { EyeSource, LabelledEye } from './labelled-eye.ts';
import { insideEllipse } from './mask-score.ts';

const ellipseSchema = z.object({
  cx: z.number(),
  cy: z.number(),
  a: z.number(),
  b: z.number(),
  angle_deg: z.number().default(0),
});
const curveSchema = z.array(z.tuple([z.number(), z.number()])).min(2);
const labelSchema = z.object({
  file: z.string(),
  width: z.number(),
  height: z.number(),
  limbus: ellipseSchema,
  pupil: ellipseSchema.nullish(),
  /** Borders of the lids, points sorted by x, in pixels. */
  lids: z.object({ upper: curveSchema, lower: curveSchema }),
});
const labelsSchema = z.record(z.string(), labelSchema);
type PhotoLabel = z.infer<typeof labelSchema>;

/**
 * Eyes of a folder of labelled photos: `labels.json` with `images/`, `iris/` and `glare/`, and pictures of which only
 * the iris is known, `masked-images/` and `masked-iris/`, where there are any.
 * @param half only the photos of this half. @throws when labels.json is there and malformed, or nothing is there.
 */
export async function labelledPhotos(folder: string, half: Half | undefined): Promise<EyeSource[]> {
  const ours = (file: string): boolean => half === undefined || halfOf(file) === half;
  const eyes = [...(await fullyLabelled(folder)), ...(await masked(folder))].filter(({ file }) => ours(file));
  if (eyes.length === 0) throw new Error(`${folder}: neither labels.json nor masked-images/ with a photo to measure`);
  return eyes.map(({ file, set, load }) => {
    const { name } = parse(file);
    return { name, group: name.split('_')[0], set, load };
  });
}

interface PhotoFile {
  readonly file: string;
  readonly set: string;
  load(): Promise<LabelledEye>;
}

async function fullyLabelled(folder: string): Promise<PhotoFile[]> {
  const path = join(folder, 'labels.json');
  if (!existsSync(path)) return [];
  const labels = labelsSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  return Object.entries(labels).map(([name, label]) => ({
    file: label.file,
    set: 'all labelled photos',
    load: async () => {
      const image = await decodePicture(await readFile(join(folder, 'images', label.file)));
      const iris = await readMask(join(folder, 'iris', `${name}.png`));
      const glarePath = join(folder, 'glare', `${name}.png`);
      const limbus = ellipse(label.limbus);
      const pupil = label.pupil ? ellipse(label.pupil) : undefined;
      return {
        image,
        iris,
        labels: labelMap(iris, label, limbus, pupil),
        // A photo without a mask of highlights has none.
        glare: existsSync(glarePath) ? await readMask(glarePath) : emptyMask(iris.width, iris.height),
        limbus,
        pupil,
      };
    },
  }));
}

async function masked(folder: string): Promise<PhotoFile[]> {
  const images = join(folder, 'masked-images');
  if (!existsSync(images)) return [];
  const files = (await readdir(images)).filter((file) => /\.(png|jpe?g)$/i.test(file)).sort();
  return files.map((file) => ({
    file,
    set: 'all masked photos',
    load: async () => ({
      image: await decodePicture(await readFile(join(images, file))),
      iris: await readMask(join(folder, 'masked-iris', `${parse(file).name}.png`)),
    }),
  }));
}

/** A mask file as 0 and 255: above 127 is set. */
async function readMask(path: string): Promise<Mask> {
  const { data, info } = await sharp(path)
    .removeAlpha()
    .toColourspace('b-w')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const mask = emptyMask(width, height);
  for (let i = 0; i < mask.data.length; i++) if (data[i * channels] > 127) mask.data[i] = 255;
  return mask;
}

function ellipse({ angle_deg, ...rest }: z.infer<typeof ellipseSchema>): Ellipse {
  return { ...rest, angleDegrees: angle_deg };
}

/** Iris by its mask; pupil and sclera by the curves. */
function labelMap(iris: Mask, { lids }: PhotoLabel, limbus: Ellipse, pupil: Ellipse | undefined): Mask {
  const { width, height } = iris;
  const labels = emptyMask(width, height);
  const inLimbus = insideEllipse(limbus);
  const inPupil = pupil && insideEllipse(pupil);
  for (let x = 0; x < width; x++) {
    const upper = heightAt(lids.upper, x + 0.5);
    const lower = heightAt(lids.lower, x + 0.5);
    for (let y = 0; y < height; y++) {
      const at = y * width + x;
      if (iris.data[at] > 0) labels.data[at] = Label.iris;
      else if (y + 0.5 > upper && y + 0.5 < lower) {
        if (inPupil?.(x + 0.5, y + 0.5)) labels.data[at] = Label.pupil;
        else if (!inLimbus(x + 0.5, y + 0.5)) labels.data[at] = Label.sclera;
      }
    }
  }
  return labels;
}

/** y of a curve at x; beyond its ends it goes straight on. */
function heightAt(curve: readonly (readonly [number, number])[], x: number): number {
  let i = 1;
  while (i < curve.length - 1 && curve[i][0] < x) i++;
  const [x0, y0] = curve[i - 1];
  const [x1, y1] = curve[i];
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}
