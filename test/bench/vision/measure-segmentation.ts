import { type Ellipse, type Mask, meanRadius } from '@irisvue/vision';
import { circleOfMask } from './circle-of-mask.ts';
import type { EyeSource, LabelledEye } from './labelled-eye.ts';
import { type EllipseError, ellipseError, overlap } from './mask-score.ts';
import { type Answer, type Method, measuringBounds, productBounds } from './methods.ts';
import type { Progress } from './progress.ts';
import { mean, middle } from './statistics.ts';

/** Below this overlap the iris was missed. */
export const missBelow = 0.5;

/** One method on one photo. */
export interface EyeScore {
  readonly name: string;
  readonly group: string;
  readonly set: string;
  readonly method: string;
  /** Visible iris, intersection over union, 0 to 1; 0 without an answer. */
  readonly iou: number;
  /** Reason, when there was no answer. */
  readonly refused?: string;
  /** Reason, when there would be none under the bounds of the product. */
  readonly refusedByProduct?: string;
  readonly limbus?: EllipseError;
  readonly pupil?: EllipseError;
}

/** Mean figures of one method on one group. Errors are in % of the iris diameter, over the photos with an answer. */
export interface GroupScore {
  readonly group: string;
  readonly method: string;
  readonly photos: number;
  readonly meanIou: number;
  readonly medianIou: number;
  readonly misses: number;
  readonly refused: number;
  readonly limbusCentre: number;
  readonly limbusRadius: number;
  readonly pupilCentre: number;
  readonly pupilRadius: number;
}

/** What is kept of the worst photos, to be shown. */
export interface SeenEye {
  readonly score: EyeScore;
  readonly source: EyeSource;
  readonly mask: Mask | undefined;
}

export async function measureSegmentation(
  eyes: readonly EyeSource[],
  methods: readonly Method[],
  progress: Progress,
  see: (seen: SeenEye) => void,
): Promise<EyeScore[]> {
  const scores: EyeScore[] = [];
  for (const [done, source] of eyes.entries()) {
    progress('segmentation', done, eyes.length);
    const eye = await source.load();
    for (const [rank, method] of methods.entries()) {
      // Bounds only refuse: what the product accepts is the answer, whatever the bounds.
      const byProduct = rank === 0 ? await method.find(eye.image, productBounds) : undefined;
      const accepted = byProduct && !('refused' in byProduct) ? byProduct : undefined;
      const answer = accepted ?? (await method.find(eye.image, measuringBounds));
      const score = scoreAnswer(eye, source, method.name, answer, byProduct);
      scores.push(score);
      if (rank === 0) see({ score, source, mask: 'mask' in answer ? answer.mask : undefined });
    }
  }
  return scores;
}

/** @param byProduct the answer under the product's bounds, where it was asked for. */
function scoreAnswer(
  eye: LabelledEye,
  { name, group, set }: EyeSource,
  method: string,
  answer: Answer,
  byProduct: Answer | undefined,
): EyeScore {
  const refusedByProduct = byProduct && 'refused' in byProduct ? byProduct.refused : undefined;
  const who = { name, group, set, method, refusedByProduct };
  if ('refused' in answer) return { ...who, iou: 0, refused: answer.refused };
  const truth = eye.limbus ?? circleOfMask(eye.iris);
  const diameter = truth ? 2 * meanRadius(truth) : 0;
  const error = (found: Ellipse | undefined, right: Ellipse | undefined): EllipseError | undefined =>
    found && right && ellipseError(found, right, diameter);
  return {
    ...who,
    iou: overlap(answer.mask, eye.iris),
    limbus: error(answer.limbus, truth),
    pupil: error(answer.pupil, eye.pupil),
  };
}

/** Rows of the table: each group, and each set of more than one group. */
export function summarise(scores: readonly EyeScore[]): GroupScore[] {
  const names = [...new Set(scores.map(({ method }) => method))];
  const sets = [...new Set(scores.map(({ set }) => set))].filter((set) => groupsOf(scores, set).length > 1);
  return [...groupsOf(scores), ...sets].flatMap((group) =>
    names.map((method) => {
      const rows = scores.filter((score) => [score.group, score.set].includes(group) && score.method === method);
      const ious = rows.map(({ iou }) => iou);
      const errors = (pick: (score: EyeScore) => number | undefined): number =>
        mean(
          rows
            .map(pick)
            .filter((value) => value !== undefined)
            .map(Math.abs),
        );
      return {
        group,
        method,
        photos: rows.length,
        meanIou: mean(ious),
        medianIou: middle(ious),
        misses: ious.filter((iou) => iou < missBelow).length,
        refused: rows.filter(({ refused }) => refused !== undefined).length,
        limbusCentre: errors(({ limbus }) => limbus?.centre),
        limbusRadius: errors(({ limbus }) => limbus?.radius),
        pupilCentre: errors(({ pupil }) => pupil?.centre),
        pupilRadius: errors(({ pupil }) => pupil?.radius),
      };
    }),
  );
}

function groupsOf(scores: readonly EyeScore[], set?: string): string[] {
  const ours = set === undefined ? scores : scores.filter((score) => score.set === set);
  return [...new Set(ours.map(({ group }) => group))];
}
