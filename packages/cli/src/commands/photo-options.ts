import { type Command, Option } from 'commander';
import type { PhotoOptions } from '../photo-run.ts';

export type PhotoFlags = PhotoOptions;

/** The options that process, fuse and compose share. */
export function addPhotoOptions(command: Command): Command {
  return command
    .option('-o, --out <dir>', 'where the pictures go', 'irisvue-out')
    .addOption(new Option('--synthetic', "the photos are rendered samples: nobody's eye").conflicts('evaluation'))
    .addOption(new Option('--evaluation', 'the photos are a labelled test set (development only)'))
    .addOption(
      new Option(
        '--subject <id>',
        'the photos show the eye of an adult who let you (irisvue consent subjects)',
      ).conflicts(['synthetic', 'evaluation']),
    )
    .addOption(
      new Option('--minor <id>', 'the photos show the eye of a minor whom you represent').conflicts([
        'subject',
        'synthetic',
        'evaluation',
      ]),
    );
}
