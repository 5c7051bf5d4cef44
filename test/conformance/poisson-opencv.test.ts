import { FusionArrangement, FusionEngine, FusionMode } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { renderEye } from '@irisvue/testing';
import type { Image, Mask } from '@irisvue/vision';
import { describe, expect, test } from 'vitest';
import { findSystemOpencv, opencvDir } from '../../services/fusion/src/build-opencv.ts';
import { blendIrises } from '../../services/fusion/src/fuse.ts';
import { isOpencvBuilt, loadOpencv } from '../../services/fusion/src/opencv-engine.ts';
import { cloneMixed } from '../../services/fusion/src/poisson/clone-mixed.ts';
import { compare, discMask, textureOf } from './two-textures.ts';

/** Where `./irisvue setup --opencv` builds it, or undefined when it is not there. */
function builtOpencv(): string | undefined {
  try {
    const dir = opencvDir(findSystemOpencv().version, process.env['XDG_CACHE_HOME']);
    return isOpencvBuilt(dir) ? dir : undefined;
  } catch {
    // No OpenCV on this machine: the tests below are reported as skipped.
    return undefined;
  }
}

const dir = builtOpencv();
const SIZE = 512;
const RADIUS = 0.44;
/** Least agreement with OpenCV, in dB (docs/adr/0006). */
const LEAST_DB = 43;

describe.skipIf(dir === undefined)('cloneMixed agrees with seamlessClone (MIXED_CLONE) of OpenCV', () => {
  const seamlessClone: ReturnType<typeof loadOpencv> = (...of) => loadOpencv(dir!)(...of);
  const disc = discMask(SIZE, RADIUS);
  const eyePicture = (seed: number) => renderEye({ seed, width: SIZE, height: SIZE, irisRadius: 0.45 * SIZE });
  const eye = (seed: number) => eyePicture(seed).image;
  const half: Mask = { ...disc, data: disc.data.map((value, i) => (i % SIZE > SIZE / 2 ? value : 0)) };
  const soft: Mask = { ...disc, data: disc.data.map((value, i) => Math.round((value * (i % SIZE)) / SIZE)) };

  test.each<[string, Image, Image, Mask]>([
    ['two textures in a disc', textureOf(1, SIZE), textureOf(2, SIZE), disc],
    ['two rendered eyes in a disc', eye(1), eye(2), disc],
    ['two rendered eyes in a half disc', eye(3), eye(4), half],
    ['two rendered eyes under a soft mask', eye(5), eye(6), soft],
  ])('%s: PSNR of at least 43 dB', async (_, base, source, mask) => {
    const ours = cloneMixed(base, source, mask);
    const theirs = await seamlessClone(base, source, mask);
    expect(compare(base, theirs, RADIUS).psnrDb).toBeLessThan(35);
    expect(compare(ours, theirs, RADIUS).psnrDb).toBeGreaterThanOrEqual(LEAST_DB);
  });

  test('a whole fusion of two rendered eyes is the same picture with either engine', async () => {
    const pictures = [eyePicture(7), eyePicture(8)];
    const fused = async (engine: FusionEngine) => {
      const how = { mode: FusionMode.POISSON, engine, arrangement: FusionArrangement.SECTORS };
      const onEngineError = (error: unknown) => {
        throw error;
      };
      const blending = blendIrises(pictures, how, { opencv: seamlessClone, onEngineError });
      let step = await blending.next();
      while (!step.done) step = await blending.next();
      return step.value;
    };
    const [ours, theirs] = [await fused(FusionEngine.MULTIGRID), await fused(FusionEngine.OPENCV)];
    expect([ours.method, theirs.method]).toEqual(['poisson-multigrid', 'poisson-opencv']);
    expect(compare(ours.picture, theirs.picture, RADIUS).psnrDb).toBeGreaterThanOrEqual(LEAST_DB);
  });
});
