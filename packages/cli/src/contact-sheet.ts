import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { PhotoOutcome } from './process-photos.ts';

/** Height of the pictures on the sheet, in pixels. */
const rowHeight = 280;
/** Colour of the mask laid over the photo. */
const maskTint = { r: 0, g: 210, b: 140 };

/** A finished artwork on the sheet. */
export interface SheetArtwork {
  readonly title: string;
  /** File name inside the folder. */
  readonly file: string;
}

/** Writes `index.html`: photo, mask and result of each file side by side, then the artworks. @returns its path. */
export async function writeContactSheet(
  outcomes: readonly PhotoOutcome[],
  artworks: readonly SheetArtwork[],
  dir: string,
): Promise<string> {
  const thumbs = join(dir, 'thumbs');
  await mkdir(thumbs, { recursive: true });
  const rows: string[] = [];
  for (const outcome of outcomes) rows.push(await photoRow(outcome, dir));
  const path = join(dir, 'index.html');
  await writeFile(path, page(rows.join('\n'), artworks.map(artworkFigure).join('\n')));
  return path;
}

async function photoRow(outcome: PhotoOutcome, dir: string): Promise<string> {
  const { name, path, job, problem } = outcome;
  const figure = (file: string, caption: string, link = file): string =>
    `<figure><a href="${link}"><img src="${file}" alt="${caption}" loading="lazy"></a><figcaption>${caption}</figcaption></figure>`;
  const before = `thumbs/${name}_photo.jpg`;
  const readable = await thumbnail(path, join(dir, before));
  const pictures = [readable ? figure(before, 'photo') : '<figure class="none">not a readable picture</figure>'];
  if (outcome.end === 'completed') {
    await maskOverlay(path, join(dir, `${name}_mask.png`), join(dir, `thumbs/${name}_mask.jpg`));
    await thumbnail(join(dir, `${name}_iris.jpg`), join(dir, `thumbs/${name}_iris.jpg`));
    pictures.push(figure(`thumbs/${name}_mask.jpg`, 'visible iris', `${name}_mask.png`));
    pictures.push(figure(`thumbs/${name}_iris.jpg`, 'iris', `${name}_iris.jpg`));
  }
  const note = problem ? `<p class="problem">${escapeHtml(problem)}</p>` : `<p>${escapeHtml(facts(outcome))}</p>`;
  return `<section><h2>${escapeHtml(name)}</h2><div class="row">${pictures.join('')}</div>${note}</section>`;

  function facts({ job: done }: PhotoOutcome): string {
    if (!done) return '';
    const methods = done.steps.map((s) => s.provenance?.method).filter(Boolean);
    const filled = Math.max(0, ...done.steps.map((s) => s.provenance?.filledShare ?? 0));
    return [
      `${done.resultWidth} × ${done.resultHeight} px`,
      `quality ${done.qualityScore.toFixed(2)}`,
      `${(100 * filled).toFixed(1)} % of the iris filled in`,
      [...new Set(methods)].join(' ▸ '),
      `${(Number(job?.processingTimeMs ?? 0n) / 1000).toFixed(1)} s`,
    ].join(' · ');
  }
}

function artworkFigure({ title, file }: SheetArtwork): string {
  return `<section><h2>${escapeHtml(title)}</h2><a href="${file}"><img class="art" src="${file}" alt="${escapeHtml(title)}" loading="lazy"></a></section>`;
}

/** Turns upright and shrinks. @returns false when the file is no picture. */
async function thumbnail(from: string, to: string): Promise<boolean> {
  try {
    await sharp(from).rotate().resize({ height: rowHeight }).flatten().jpeg({ quality: 82 }).toFile(to);
    return true;
  } catch {
    return false;
  }
}

async function maskOverlay(photo: string, mask: string, to: string): Promise<void> {
  const { data, info } = await sharp(photo)
    .rotate()
    .resize({ height: rowHeight })
    .flatten()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const cover = await sharp(mask).resize(width, height, { fit: 'fill' }).extractChannel(0).raw().toBuffer();
  const tint = [maskTint.r, maskTint.g, maskTint.b];
  for (let i = 0; i < cover.length; i++) {
    const share = (cover[i]! / 255) * 0.45;
    for (let c = 0; c < 3; c++) {
      const at = i * channels + c;
      data[at] = data[at]! * (1 - share) + tint[c]! * share;
    }
  }
  await sharp(data, { raw: { width, height, channels } }).jpeg({ quality: 82 }).toFile(to);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function page(rows: string, artworks: string): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>IrisVue contact sheet</title>
<style>
  body { background: #0d0d10; color: #d9d9de; font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1200px; padding: 0 1rem }
  h1 { font-weight: 500 } h2 { font-size: 1rem; font-weight: 500; margin: 2rem 0 .4rem }
  .row { display: flex; flex-wrap: wrap; gap: .6rem } figure { margin: 0 } figcaption, p { color: #8d8d98; font-size: .85rem; margin: .2rem 0 }
  img { height: ${rowHeight}px; display: block; border-radius: 4px } img.art { height: auto; max-width: 100%; max-height: 720px }
  .problem { color: #f0b060 } .none { height: ${rowHeight}px; width: ${rowHeight}px; display: grid; place-items: center; background: #1a1a20; border-radius: 4px }
</style>
<h1>IrisVue</h1>
${rows}
${artworks}
</html>
`;
}
