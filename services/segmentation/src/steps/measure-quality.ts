import { type Image, type IrisGeometry, type Mask, meanRadius } from '@irisvue/vision';
import type { Cover } from './cover.ts';
import { measureSharpness } from './measure-sharpness.ts';
import { ramp } from './ramp.ts';
import { entropy, median, type Tones } from './tones.ts';

/** One named measure: the value in its unit, and a score from 0 (useless) to 1 (ideal). */
export interface QualityMeasure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly score: number;
}

/** An eye as the measures see it; crop and labels show the same square. */
export interface MeasuredEye {
  readonly crop: Image;
  readonly labels: Mask;
  readonly tones: Tones;
  readonly geometry: IrisGeometry;
  readonly cover: Cover;
}

/**
 * Measures in the manner of ISO/IEC 29794-6:2015, adapted from near infrared to visible light: the standard's names and
 * ideas, with scales that run from useless to what good close-ups reach.
 */
export async function measureQuality({ crop, labels, tones, geometry, cover }: MeasuredEye): Promise<QualityMeasure[]> {
  const { limbus, pupil } = geometry;
  const radius = meanRadius(limbus);
  const sclera = median(tones.sclera);
  const iris = median(tones.iris);
  const scleraContrast = (100 * Math.max(0, sclera - iris)) / Math.max(1, sclera + iris);
  const bits = entropy(tones.iris);
  const sharpness = await measureSharpness(crop, labels);
  const margin = (100 * edgeDistance(geometry)) / radius;
  const measures = [
    measure('usable_iris_area', 100 * cover.visible, '%', ramp(100 * cover.visible, 30, 80)),
    measure('iris_sclera_contrast', scleraContrast, '%', ramp(scleraContrast, 0, 20)),
    measure('grey_scale_utilisation', bits, 'bit', ramp(bits, 3, 6)),
    measure('sharpness', sharpness, '%', ramp(sharpness, 0.1, 1.2)),
    measure('margin', margin, '%', ramp(margin, -40, 20)),
    measure('iris_diameter', 2 * radius, 'px', ramp(2 * radius, 60, 400)),
  ];
  if (!pupil) return measures;
  const pupilContrast = irisPupilContrast(iris, median(tones.pupil));
  const circularity = (100 * Math.min(pupil.a, pupil.b)) / Math.max(pupil.a, pupil.b);
  const dilation = (100 * meanRadius(pupil)) / radius;
  return [
    ...measures,
    measure('iris_pupil_contrast', pupilContrast, '%', ramp(pupilContrast, 0, 30)),
    measure('pupil_circularity', circularity, '%', ramp(circularity, 60, 90)),
    // 20 % to 70 % is the standard's range; both ends are usable, what lies beyond hardly shows an iris.
    measure('dilation', dilation, '%', Math.min(ramp(dilation, 5, 15), ramp(dilation, 85, 60))),
  ];
}

/** Geometric mean of the scores, 0 to 1: one useless property cannot be outweighed by the others. */
export function overallScore(measures: readonly QualityMeasure[]): number {
  const leastFactor = 0.01;
  const logs = measures.map(({ score }) => Math.log(Math.max(score, leastFactor)));
  return Math.exp(logs.reduce((sum, value) => sum + value, 0) / logs.length);
}

function measure(name: string, value: number, unit: string, score: number): QualityMeasure {
  return { name, value, unit, score };
}

/** The standard's Weber contrast, pressed into 0 to 100 %. */
function irisPupilContrast(iris: number, pupil: number): number {
  const weber = Math.max(0, iris - pupil) / (20 + pupil);
  return (100 * weber) / (0.75 + weber);
}

/** Least distance from the limbus to the photo's edge, in pixels; negative when the photo cuts it. */
function edgeDistance({ limbus, frameWidth, frameHeight }: IrisGeometry): number {
  const radius = meanRadius(limbus);
  const { cx, cy } = limbus;
  return Math.min(cx, cy, frameWidth - cx, frameHeight - cy) - radius;
}
