import { expect, test } from 'vitest';
import { geometryFromMessage, geometryToMessage, type IrisGeometry } from '../src/index.ts';

const limbus = { cx: 10, cy: 20, a: 8, b: 7, angleDegrees: 30 };
const frame = { frameWidth: 40, frameHeight: 50 };
const lid = {
  points: [
    { x: 2, y: 15 },
    { x: 18, y: 16 },
  ],
  confidence: 0.4,
};

test.each<[string, IrisGeometry]>([
  ['a limbus alone', { limbus, ...frame }],
  [
    'everything that can be told',
    { limbus, pupil: limbus, ...frame, upperLid: lid, lowerLid: lid, limbusConfidence: 0.9, pupilConfidence: 0 },
  ],
])('%s crosses as a message', (_what, geometry) => {
  expect(geometryFromMessage(geometryToMessage(geometry))).toMatchObject(geometry);
  expect(Object.keys(geometryFromMessage(geometryToMessage(geometry))).sort()).toEqual(Object.keys(geometry).sort());
});
