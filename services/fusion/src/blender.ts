import { FusionEngine } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import type { SeamlessClone } from './opencv-engine.ts';
import { cloneMixed } from './poisson/clone-mixed.ts';

/** OpenCV's seamlessClone, as loadOpencv gives it. */
export type Opencv = SeamlessClone;

/** Mixed-gradient Poisson blending in place, and its name in answers. */
export interface Blender {
  readonly clone: SeamlessClone;
  readonly method: 'poisson-multigrid' | 'poisson-opencv';
}

/** The wanted engine. Where OpenCV is wanted and not built it is our own, which makes the same picture. */
export function blender(engine: FusionEngine, opencv: Opencv | undefined): Blender {
  if (engine === FusionEngine.OPENCV && opencv) return { clone: opencv, method: 'poisson-opencv' };
  return { clone: async (...of) => cloneMixed(...of), method: 'poisson-multigrid' };
}
