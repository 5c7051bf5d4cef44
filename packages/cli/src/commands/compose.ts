import { CompositionLayout } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { type Command, Option } from 'commander';
import type { RunContext } from '../main.ts';
import { makeArtwork } from '../make-artwork.ts';
import { processedPhotoIds, runOnPhotos } from '../photo-run.ts';
import { addPhotoOptions, type PhotoFlags } from './photo-options.ts';

interface ComposeFlags extends PhotoFlags {
  readonly layout: keyof typeof layouts;
}

const layouts = {
  horizontal: CompositionLayout.HORIZONTAL,
  vertical: CompositionLayout.VERTICAL,
  grid_2x2: CompositionLayout.GRID_2X2,
} as const;

export function composeCommand(program: Command, run: RunContext): void {
  addPhotoOptions(
    program
      .command('compose')
      .summary('place 2 to 4 irises in one picture')
      .description('Processes the photos, then places their irises: composition.jpg.')
      .argument('<photo...>', '2 to 4 photos'),
  )
    .addOption(
      new Option('--layout <layout>', 'side by side, stacked, or two by two')
        .choices(Object.keys(layouts))
        .default('horizontal'),
    )
    .action(async (photos: string[], flags: ComposeFlags, command: Command) => {
      if (photos.length < 2 || photos.length > 4) command.error(`compose takes 2 to 4 photos, not ${photos.length}`);
      process.exitCode = await runOnPhotos(run.settings, photos, flags, run.signal, async (stage) => {
        await makeArtwork(stage.account, {
          name: 'composition',
          photoIds: processedPhotoIds(stage.outcomes),
          spec: { case: 'composition', value: { layout: layouts[flags.layout] } },
          dir: stage.dir,
          bars: stage.bars,
          signal: run.signal,
        });
        return [{ title: `Composition (${flags.layout})`, file: 'composition.jpg' }];
      });
    });
}
