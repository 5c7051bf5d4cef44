import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { parseArgs } from 'node:util';
import { decodePhoto, type Ellipse, encodePng } from '@irisvue/vision';
import { openIrisModel } from '../src/iris-model.ts';
import { segment } from '../src/segment.ts';

// Segments a folder of photos and writes NAME.png masks and predictions.json, for a scorer of labelled photos to read.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    classical: { type: 'boolean', default: false },
    'min-iris-px': { type: 'string', default: '100' },
    'min-visible': { type: 'string', default: '40' },
  },
});
const [photos, out] = positionals;
if (!photos || !out)
  throw new Error('segmentation-score.ts PHOTOS OUT [--classical] [--min-iris-px N] [--min-visible N]');

const modelsDir = join(import.meta.dirname, '../../../models');
const model = values.classical ? undefined : await openIrisModel(modelsDir, { device: 'cpu', threads: 2 });
const limits = { minIrisPx: Number(values['min-iris-px']), minVisiblePercent: Number(values['min-visible']) };
const predictions: Record<string, unknown> = {};
const names = (await readdir(photos)).sort();
let refused = 0;
await mkdir(out, { recursive: true });
for (const name of names) {
  const decoded = await decodePhoto(await readFile(join(photos, name)));
  const startedAt = performance.now();
  const outcome = 'rejection' in decoded ? decoded : await segment(decoded.image, model, limits);
  const ms = Math.round(performance.now() - startedAt);
  if ('rejection' in outcome) {
    refused++;
    const { message, measured, limit, unit, suggestion } = outcome.rejection;
    console.log(`${name}: refused, ${message} (${measured} of ${limit} ${unit}) ${suggestion}`);
    continue;
  }
  const { geometry, mask, qualityScore, measures } = outcome.segmented;
  await writeFile(join(out, `${parse(name).name}.png`), await encodePng(mask));
  predictions[parse(name).name] = {
    limbus: ellipse(geometry.limbus),
    pupil: geometry.pupil ? ellipse(geometry.pupil) : null,
    width: geometry.frameWidth,
    height: geometry.frameHeight,
  };
  const scores = measures.map((measure) => `${measure.name} ${measure.value.toFixed(1)} (${measure.score.toFixed(2)})`);
  console.log(`${name}: ${ms} ms, quality ${qualityScore.toFixed(2)}: ${scores.join(', ')}`);
}
await writeFile(join(out, 'predictions.json'), JSON.stringify(predictions));
console.log(`${names.length} photos, ${refused} refused`);

function ellipse({ cx, cy, a, b, angleDegrees }: Ellipse) {
  return { cx, cy, a, b, angle_deg: angleDegrees };
}
