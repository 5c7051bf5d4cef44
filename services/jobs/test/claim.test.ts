import { expect, test } from 'vitest';
import { claimableSteps } from '../src/runner/claim.ts';
import type { Room } from '../src/runner/slots.ts';
import type { VisionServiceName } from '../src/steps.ts';

const FREE: Room = { free: 1, waiting: 0, slots: 1 };
const FULL: Room = { free: 0, waiting: 0, slots: 1 };
const DOWN: Room = { free: 0, waiting: 0, slots: 0 };
const steps = (rooms: Partial<Record<VisionServiceName, Room>>) => claimableSteps((service) => rooms[service] ?? FULL);

test('only steps whose service has a free slot are claimed, and saving, which needs none', () => {
  expect(steps({})).toEqual(['saving']);
  expect(steps({ segmentation: FREE })).toEqual(['segmenting', 'saving']);
  expect(steps({ enhancement: FREE })).toEqual(['removing_reflections', 'enhancing', 'saving']);
  expect(steps({ fusion: FREE })).toEqual(['saving', 'blending']);
});

test('no photo is begun while as many begun ones wait for enhancement as that has slots', () => {
  expect(steps({ segmentation: FREE, enhancement: { free: 0, waiting: 1, slots: 1 } })).toEqual(['saving']);
  expect(steps({ segmentation: FREE, enhancement: { free: 0, waiting: 1, slots: 2 } })).toContain('segmenting');
});

test('a photo is begun while enhancement is down: its first step can be done meanwhile', () => {
  expect(steps({ segmentation: FREE, enhancement: DOWN })).toContain('segmenting');
});
