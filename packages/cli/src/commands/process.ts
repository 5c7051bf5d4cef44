import type { Command } from 'commander';
import type { RunContext } from '../main.ts';
import { runOnPhotos } from '../photo-run.ts';
import { addPhotoOptions, type PhotoFlags } from './photo-options.ts';

export function processCommand(program: Command, run: RunContext): void {
  addPhotoOptions(
    program
      .command('process')
      .summary('turn photos of eyes into irises')
      .description(
        'Uploads each photo, finds the iris, removes reflections, enhances, and saves NAME_iris.jpg, NAME_mask.png,\n' +
          'predictions.json (limbus and pupil in photo pixels) and a contact sheet index.html.\n\n' +
          'Exit code: 0 all processed, 3 some refused (each with its reason), 1 something failed.',
      )
      .argument('<photo...>', 'JPEG, PNG, WebP, AVIF, HEIF or TIFF, at most 50 MB and 100 megapixels each'),
  ).action(async (photos: string[], flags: PhotoFlags) => {
    process.exitCode = await runOnPhotos(run.settings, photos, flags, run.signal);
  });
}
