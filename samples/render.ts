// Renders the sample eyes, or as many others as a bench wants. Usage: node samples/render.ts --help
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type EyeRequest, irisColours, renderEye } from '../packages/testing/src/index.ts';
import { encodeJpeg, encodePng } from '../packages/vision/src/index.ts';

const usage = `Renders eyes that belong to nobody.

  node samples/render.ts                          the four samples, over those in this folder
  node samples/render.ts --count 20 --out DIR     twenty other eyes, 0.jpg … 19.jpg

  --count N     how many; colours take turns
  --out DIR     where to, made when missing (default: this folder)
  --size WxH    pixels, at most 4000x3000 (default 1600x1200)
  --seed N      seed of the first one; the next one has N + 1 (default 1)
  --labels      writes N.labels.png (0 other, 1 sclera, 2 iris, 3 pupil), N.highlights.png and N.geometry.json besides
`;

/** Chosen by eye: four colours, four skins, four lights. */
const samples: Readonly<Record<string, Omit<EyeRequest, 'width' | 'height'>>> = {
  blue: { seed: 3, irisColour: 'blue', light: 'window', skinTone: 1, openness: 1.08 },
  hazel: { seed: 29, irisColour: 'hazel', light: 'softbox', skinTone: 2, openness: 1.08 },
  brown: { seed: 5, irisColour: 'brown', light: 'two lamps', skinTone: 4, openness: 1.08 },
  grey: { seed: 41, irisColour: 'grey', light: 'window', skinTone: 0, openness: 1.08 },
};

/** Keeps a sample of 1600 × 1200 under 400 KB. */
const jpegQuality = 86;

const { values } = parseArgs({
  options: {
    count: { type: 'string' },
    out: { type: 'string', default: import.meta.dirname },
    size: { type: 'string', default: '1600x1200' },
    seed: { type: 'string', default: '1' },
    labels: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(usage);
else await renderAll();

async function renderAll(): Promise<void> {
  const [width, height] = readSize(values.size);
  await mkdir(values.out, { recursive: true });
  for (const [name, request] of Object.entries(requests())) {
    const eye = renderEye({ ...request, width, height });
    const file = path.join(values.out, name);
    await writeFile(`${file}.jpg`, await encodeJpeg(eye.image, jpegQuality));
    if (values.labels) {
      await writeFile(`${file}.labels.png`, await encodePng(eye.labels));
      await writeFile(`${file}.highlights.png`, await encodePng(eye.highlights));
      await writeFile(`${file}.geometry.json`, `${JSON.stringify(eye.geometry, null, 2)}\n`);
    }
    process.stdout.write(`${file}.jpg\n`);
  }
}

function requests(): Readonly<Record<string, Omit<EyeRequest, 'width' | 'height'>>> {
  if (values.count === undefined) return samples;
  const first = readWholeNumber('--seed', values.seed);
  const count = readWholeNumber('--count', values.count);
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [i, { seed: first + i, irisColour: irisColours[i % irisColours.length] }]),
  );
}

function readSize(text: string): [number, number] {
  const match = /^(\d+)x(\d+)$/.exec(text);
  const width = Number(match?.[1]);
  const height = Number(match?.[2]);
  if (!match || width < 64 || height < 64 || width * height > 12_000_000) {
    throw new Error(`--size ${text}: expected WxH, at least 64x64, at most 12 megapixels`);
  }
  return [width, height];
}

function readWholeNumber(option: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`${option} ${text}: expected a whole number`);
  return Number(text);
}
