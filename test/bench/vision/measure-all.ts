import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join, resolve } from 'node:path';
import type { Device, Image } from '@irisvue/vision';
import { openUpscaler, type Upscaler } from '../../../services/enhancement/src/upscaler.ts';
import { openIrisModel } from '../../../services/segmentation/src/iris-model.ts';
import type { EyeSource } from './labelled-eye.ts';
import { labelledPhotos } from './labelled-photos.ts';
import { type Filling, type FillingScore, measureFilling } from './measure-filling.ts';
import { type FindingScore, scoreFinding } from './measure-finding.ts';
import { measureRefusal } from './measure-refusal.ts';
import { type ColourScore, type GeometryScore, scoreColour, scoreGeometry } from './measure-result.ts';
import { measureSegmentation, type SeenEye } from './measure-segmentation.ts';
import { measureSpeed } from './measure-speed.ts';
import { degradations, generalPhoto, irisSquare, scoreUpscaling, type UpscalingScore } from './measure-upscaling.ts';
import { methods } from './methods.ts';
import { openOpencvPeer } from './opencv-peer.ts';
import type { Options } from './options.ts';
import { outlined } from './outlined.ts';
import type { Shown } from './page.ts';
import { type Progress, progressLine } from './progress.ts';
import { renderedEyes, rendersForFibres } from './rendered-eyes.ts';
import type { Report } from './report.ts';
import { cell } from './table.ts';
import { trueCrop } from './true-crop.ts';
import { worst } from './worst.ts';

const modelsDir = resolve(import.meta.dirname, '../../../models');
const threads = 2;
/** Pictures on the page, of each kind. */
const shownEach = 12;

/** Measures what was asked for, part after part, one picture in memory at a time. */
export async function measureAll(options: Options): Promise<{ readonly report: Report; readonly pictures: Shown[] }> {
  const share = { device: options.device, threads };
  const model = await openIrisModel(modelsDir, share);
  const upscaler = await openUpscaler(modelsDir, share);
  const modelName = model ? `${model.model.card.name} ${model.model.card.version}` : 'classical';
  const all = methods(model, modelName);
  const photos = options.data ? await labelledPhotos(options.data, options.half) : [];
  const eyes = [...renderedEyes(options.rendered), ...photos];
  const fibres = [...rendersForFibres(Math.ceil(options.rendered / 3)), ...photos];
  const progress = progressLine();
  const pictures: Shown[] = [];
  const asked = (part: Parameters<Options['parts']['has']>[0]): boolean => options.parts.has(part);

  const seen = worst<SeenEye>(shownEach, ({ score }) => score.iou);
  const report: Report = {
    machine: `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, ${threads} threads, ${options.device}`,
    segmentationModel: modelName,
    upscaler: upscalerName(upscaler),
    half: options.half && `half ${options.half}`,
    segmentation: asked('segmentation') ? await measureSegmentation(eyes, all, progress, seen.add) : undefined,
    refusal: asked('refusal')
      ? await measureRefusal(all.slice(0, -1), progress, (name, image) => {
          pictures.push({ section: 'Taken for an eye', caption: name, image });
        })
      : undefined,
    ...(asked('highlights') ? await measureHighlights(fibres, progress, pictures) : {}),
    upscaling: asked('upscaling') ? await measureUpscaling(fibres, options.photos, upscaler, progress) : undefined,
    colour: asked('colour') ? await measureColour(fibres, progress) : undefined,
    geometry: asked('geometry') ? await measureGeometry(eyes, all[0], progress) : undefined,
    speed: asked('speed') ? await measureSpeed(options.runs, devices(options.device), progress) : undefined,
  };
  for (const { score, source, mask } of seen.all) {
    const { image, iris } = await source.load();
    const caption = `${score.name}: ${score.refused ?? `IoU ${score.iou.toFixed(3)}`} (green: truth, red: found)`;
    pictures.push({ section: 'Worst irises', caption, image: await outlined(image, iris, mask) });
  }
  progress.end();
  await model?.[Symbol.asyncDispose]();
  return { report, pictures };
}

function devices(device: Device): Device[] {
  return device === 'cpu' ? ['cpu'] : ['cpu', device];
}

function upscalerName({ method, model }: Upscaler): string {
  return model ? `${model.card.name} ${model.card.version}` : `${method}, without a model`;
}

async function measureHighlights(
  eyes: readonly EyeSource[],
  progress: Progress,
  pictures: Shown[],
): Promise<{ finding: FindingScore[]; filling: FillingScore[] }> {
  await using peer = await openOpencvPeer();
  const finding: FindingScore[] = [];
  const scores: FillingScore[] = [];
  const poorest = worst<Filling>(shownEach, ({ score }) => score.ours.psnr - (score.telea?.psnr ?? 0));
  for (const [done, source] of eyes.entries()) {
    progress('highlights', done, eyes.length);
    const crop = trueCrop(await source.load());
    if (!crop) continue;
    finding.push(await scoreFinding(crop, source));
    for (const filling of await measureFilling(crop, source, peer)) {
      scores.push(filling.score);
      poorest.add(filling);
    }
  }
  for (const { score, clean, filled, hole } of poorest.all) {
    const { name, shape, ours, telea } = score;
    const caption = `${name}, ${shape}: ${cell(ours.psnr, 1)} dB, Telea ${cell(telea?.psnr, 1)} dB`;
    const section = 'Poorest fills beside Telea: filled, then clean with the hole outlined';
    pictures.push({ section, caption, image: await outlined(filled, undefined, undefined) });
    pictures.push({ section, caption: 'clean', image: await outlined(clean, hole, undefined) });
  }
  return { finding, filling: scores };
}

async function measureUpscaling(
  eyes: readonly EyeSource[],
  photos: string | undefined,
  upscaler: Upscaler,
  progress: Progress,
): Promise<UpscalingScore[]> {
  const scores: UpscalingScore[] = [];
  const score = async (truth: Image | undefined, who: { name: string; group: string }): Promise<void> => {
    if (!truth) return;
    for (const degradation of degradations) scores.push(await scoreUpscaling(truth, degradation, upscaler, who));
  };
  for (const [done, source] of eyes.entries()) {
    progress('upscaling', done, eyes.length);
    await score(irisSquare(await source.load()), source);
  }
  const files = photos ? (await readdir(photos)).filter((name) => /\.(jpe?g|png|webp|tiff?)$/i.test(name)).sort() : [];
  for (const [done, name] of files.entries()) {
    progress('upscaling photos', done, files.length);
    await score(await generalPhoto(await readFile(join(photos!, name))), { name, group: 'general photos' });
  }
  return scores;
}

async function measureColour(eyes: readonly EyeSource[], progress: Progress): Promise<ColourScore[]> {
  const scores: ColourScore[] = [];
  for (const [done, source] of eyes.entries()) {
    progress('colour', done, eyes.length);
    const crop = trueCrop(await source.load());
    if (crop) scores.push(await scoreColour(crop, source));
  }
  return scores;
}

async function measureGeometry(
  eyes: readonly EyeSource[],
  method: ReturnType<typeof methods>[number],
  progress: Progress,
): Promise<GeometryScore[]> {
  const scores: GeometryScore[] = [];
  for (const [done, source] of eyes.entries()) {
    progress('geometry', done, eyes.length);
    const score = await scoreGeometry(await source.load(), method, source);
    if (score) scores.push(score);
  }
  return scores;
}
