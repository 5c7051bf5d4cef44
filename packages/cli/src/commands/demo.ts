import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CompositionLayout } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import type { Command } from 'commander';
import { startDockerMesh } from '../docker-mesh.ts';
import type { RunContext } from '../main.ts';
import { makeArtwork } from '../make-artwork.ts';
import { type ArtworkStage, processedPhotoIds, runOnPhotos } from '../photo-run.ts';
import { projectRoot } from '../settings.ts';

/** Irises that the demo fuses. */
const fusedIrises = 2;

export function demoCommand(program: Command, run: RunContext): void {
  program
    .command('demo')
    .summary('process the sample eyes and make art of them')
    .description('Walks rendered sample eyes through the whole mesh: irises, a fusion, a composition, a contact sheet.')
    .option('-o, --out <dir>', 'where the pictures go', 'irisvue-out')
    .option('--docker', 'with a mesh in containers, which goes on running')
    .action(async ({ out, docker }: { out: string; docker?: boolean }) => {
      const kinds = { IRISVUE_SUBJECT_KINDS: 'self,minor,synthetic' };
      const settings = docker
        ? { ...run.settings, gatewayUrl: await startDockerMesh(run.settings, run.signal, kinds) }
        : run.settings;
      const samples = join(projectRoot, 'samples');
      const photos = (await readdir(samples)).filter((f) => f.endsWith('.jpg')).sort();
      const paths = photos.map((f) => join(samples, f));
      process.exitCode = await runOnPhotos(settings, paths, { out, synthetic: true }, run.signal, art(run.signal));
    });
}

function art(signal: AbortSignal): ArtworkStage {
  return async ({ account, outcomes, dir, bars }) => {
    const photoIds = processedPhotoIds(outcomes);
    const [fusion] = await Promise.all([
      makeArtwork(account, {
        name: 'fusion',
        photoIds: photoIds.slice(0, fusedIrises),
        spec: { case: 'fusion', value: {} },
        dir,
        bars,
        signal,
      }),
      makeArtwork(account, {
        name: 'composition',
        photoIds: photoIds.slice(0, 4),
        spec: { case: 'composition', value: { layout: CompositionLayout.GRID_2X2 } },
        dir,
        bars,
        signal,
      }),
    ]);
    return [
      { title: `Fusion of ${fusedIrises} (${fusion.method})`, file: 'fusion.jpg' },
      { title: 'Composition', file: 'composition.jpg' },
    ];
  };
}
