import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Ellipse } from '@irisvue/contracts/irisvue/media/v1/media';
import type { PhotoOutcome } from './process-photos.ts';

/** Downloads that run at the same time. */
const parallelDownloads = 4;

/** Fetches a link into a file. @throws Error with the HTTP status when the link does not work. */
export async function download(url: string, path: string, signal?: AbortSignal): Promise<void> {
  const answer = await fetch(url, signal ? { signal } : {});
  if (!answer.ok || !answer.body) throw new Error(`a download link answered HTTP ${answer.status}`);
  await pipeline(Readable.fromWeb(answer.body), createWriteStream(path));
}

/**
 * Writes what was made into `dir`: `NAME_iris.jpg` (result), `NAME_mask.png` (visible iris, photo size),
 * and `predictions.json` (limbus and pupil in photo pixels, corner origin, by name).
 */
export async function saveOutcomes(
  outcomes: readonly PhotoOutcome[],
  dir: string,
  signal?: AbortSignal,
): Promise<void> {
  await mkdir(dir, { recursive: true });
  const waiting = outcomes.filter((o) => o.job?.links);
  const worker = async (): Promise<void> => {
    for (let outcome = waiting.shift(); outcome; outcome = waiting.shift()) {
      const links = outcome.job?.links;
      if (links?.resultUrl) await download(links.resultUrl, join(dir, `${outcome.name}_iris.jpg`), signal);
      if (links?.maskUrl) await download(links.maskUrl, join(dir, `${outcome.name}_mask.png`), signal);
    }
  };
  await Promise.all(Array.from({ length: parallelDownloads }, worker));
  await writeFile(join(dir, 'predictions.json'), `${JSON.stringify(predictions(outcomes), null, 1)}\n`);
}

function predictions(outcomes: readonly PhotoOutcome[]): Record<string, unknown> {
  return Object.fromEntries(
    outcomes.flatMap(({ name, job }) => {
      const geometry = job?.geometry;
      if (!geometry?.limbus) return [];
      const { frameWidth: width, frameHeight: height, limbus, pupil } = geometry;
      return [[name, { limbus: plainEllipse(limbus), pupil: pupil ? plainEllipse(pupil) : null, width, height }]];
    }),
  );
}

function plainEllipse({ cx, cy, a, b, angleDegrees }: Ellipse): Record<string, number> {
  return { cx, cy, a, b, angle_deg: angleDegrees };
}
