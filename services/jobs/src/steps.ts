import type { JobKindName, JobStepName } from './schema.ts';

/** The services that do steps. */
export type VisionServiceName = 'segmentation' | 'enhancement' | 'fusion';

/** The steps that leave a checkpoint, in order, and `saving`, which points the job at what they made. */
export const STEPS_OF_KIND: Readonly<Record<JobKindName, readonly JobStepName[]>> = {
  process: ['segmenting', 'removing_reflections', 'enhancing', 'saving'],
  fuse: ['blending', 'saving'],
  compose: ['blending', 'saving'],
};

/** The service whose slot a step takes; undefined when it needs none. */
export function serviceOfStep(step: JobStepName): VisionServiceName | undefined {
  switch (step) {
    case 'loading':
    case 'segmenting':
      return 'segmentation';
    case 'removing_reflections':
    case 'enhancing':
      return 'enhancement';
    case 'blending':
      return 'fusion';
    case 'saving':
      return undefined;
    default:
      return step satisfies never;
  }
}

/** The step that follows `step` in a job of this kind. Throws for the last one, which nothing follows. */
export function stepAfter(kind: JobKindName, step: JobStepName): JobStepName {
  const steps = STEPS_OF_KIND[kind];
  const next = steps[steps.indexOf(step) + 1];
  if (next === undefined) throw new Error(`no step follows ${step} of ${kind}`);
  return next;
}

// Progress in percent, from and to. Processing: features P3. Artworks: U2, where saving ends with the job.
const PROCESS_RANGES = {
  loading: [0, 10],
  segmenting: [10, 40],
  removing_reflections: [40, 60],
  enhancing: [60, 90],
  blending: [0, 0],
  saving: [90, 100],
} as const satisfies Record<JobStepName, readonly [number, number]>;
const ARTWORK_RANGES = {
  ...PROCESS_RANGES,
  loading: [10, 20],
  blending: [30, 80],
} as const satisfies Record<JobStepName, readonly [number, number]>;

/** Progress of a job in whole percent, 0 to 100, when `fraction` (0 to 1) of `step` is done. */
export function progressOf(kind: JobKindName, step: JobStepName, fraction: number): number {
  const [from, to] = (kind === 'process' ? PROCESS_RANGES : ARTWORK_RANGES)[step];
  const share = Number.isFinite(fraction) ? Math.min(Math.max(fraction, 0), 1) : 0;
  return Math.floor(from + (to - from) * share);
}
