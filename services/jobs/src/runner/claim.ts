import type { JobStepName } from '../schema.ts';
import { STEPS_OF_KIND, serviceOfStep, type VisionServiceName } from '../steps.ts';
import type { Room } from './slots.ts';

const ALL_STEPS: readonly JobStepName[] = [...new Set(Object.values(STEPS_OF_KIND).flat())];

/**
 * The steps that a job may be claimed for: those whose service has a free slot, and those that need none. A photo is
 * not begun while as many begun ones wait for enhancement as that has slots: they would only pile up behind it.
 */
export function claimableSteps(room: (service: VisionServiceName) => Room): JobStepName[] {
  const enhancement = room('enhancement');
  const jammed = enhancement.slots > 0 && enhancement.waiting >= enhancement.slots;
  return ALL_STEPS.filter((step) => {
    const service = serviceOfStep(step);
    if (service === undefined) return true;
    return room(service).free > 0 && !(step === 'segmenting' && jammed);
  });
}
