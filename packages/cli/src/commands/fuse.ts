import { FusionArrangement, FusionEngine, FusionMode } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { type Command, Option } from 'commander';
import type { RunContext } from '../main.ts';
import { makeArtwork } from '../make-artwork.ts';
import { processedPhotoIds, runOnPhotos } from '../photo-run.ts';
import { addPhotoOptions, type PhotoFlags } from './photo-options.ts';

interface FuseFlags extends PhotoFlags {
  readonly mode: 'poisson' | 'alpha';
  readonly engine: 'multigrid' | 'opencv';
  readonly arrangement: 'sectors' | 'overlay';
}

const modes = { poisson: FusionMode.POISSON, alpha: FusionMode.ALPHA } as const;
const engines = { multigrid: FusionEngine.MULTIGRID, opencv: FusionEngine.OPENCV } as const;
const arrangements = { sectors: FusionArrangement.SECTORS, overlay: FusionArrangement.OVERLAY } as const;

export function fuseCommand(program: Command, run: RunContext): void {
  addPhotoOptions(
    program
      .command('fuse')
      .summary('blend 2 to 4 irises into one')
      .description('Processes the photos, then blends their irises into one: fusion.jpg. The first photo is the base.')
      .argument('<photo...>', '2 to 4 photos'),
  )
    .addOption(new Option('--mode <mode>', 'how they are blended').choices(Object.keys(modes)).default('poisson'))
    .addOption(new Option('--engine <engine>', 'Poisson solver').choices(Object.keys(engines)).default('multigrid'))
    .addOption(
      new Option('--arrangement <arrangement>', 'how they share the circle')
        .choices(Object.keys(arrangements))
        .default('sectors'),
    )
    .action(async (photos: string[], flags: FuseFlags, command: Command) => {
      if (photos.length < 2 || photos.length > 4) command.error(`fuse takes 2 to 4 photos, not ${photos.length}`);
      const value = {
        mode: modes[flags.mode],
        engine: engines[flags.engine],
        arrangement: arrangements[flags.arrangement],
      };
      process.exitCode = await runOnPhotos(run.settings, photos, flags, run.signal, async (stage) => {
        const photoIds = processedPhotoIds(stage.outcomes);
        const made = await makeArtwork(stage.account, {
          name: 'fusion',
          photoIds,
          spec: { case: 'fusion', value },
          dir: stage.dir,
          bars: stage.bars,
          signal: run.signal,
        });
        return [{ title: `Fusion of ${photoIds.length} (${made.method})`, file: 'fusion.jpg' }];
      });
    });
}
