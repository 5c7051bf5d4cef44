import type { FillingScore, PictureFigures } from './measure-filling.ts';
import type { FindingScore } from './measure-finding.ts';
import type { RefusalScore } from './measure-refusal.ts';
import type { ColourScore, GeometryScore } from './measure-result.ts';
import { type EyeScore, missBelow, summarise } from './measure-segmentation.ts';
import type { Speed } from './measure-speed.ts';
import { degradations, type UpscalingScore } from './measure-upscaling.ts';
import { glareShapes } from './pasted-glare.ts';
import { mean } from './statistics.ts';
import { cell, percent, type Table } from './table.ts';

/** All that was measured; what was not asked for is absent. */
export interface Report {
  readonly machine: string;
  readonly segmentationModel: string;
  readonly upscaler: string;
  readonly half?: string;
  readonly segmentation?: readonly EyeScore[];
  readonly refusal?: readonly RefusalScore[];
  readonly finding?: readonly FindingScore[];
  readonly filling?: readonly FillingScore[];
  readonly upscaling?: readonly UpscalingScore[];
  readonly colour?: readonly ColourScore[];
  readonly geometry?: readonly GeometryScore[];
  readonly speed?: Speed;
}

/** The report as tables, in the order of the work. */
export function tablesOf(report: Report): Table[] {
  const { segmentation, refusal, finding, filling, upscaling, colour, geometry, speed } = report;
  return [
    ...(segmentation ? [segmentationTable(segmentation), wronglyRefusedTable(segmentation)] : []),
    ...(refusal ? [refusalTable(refusal)] : []),
    ...(finding && filling ? [findingTable(finding), fillingTable(filling)] : []),
    ...(upscaling ? [upscalingTable(upscaling, report.upscaler)] : []),
    ...(colour ? [colourTable(colour)] : []),
    ...(geometry ? [geometryTable(geometry)] : []),
    ...(speed ? speedTables(speed) : []),
  ];
}

function segmentationTable(scores: readonly EyeScore[]): Table {
  return {
    title: 'Visible iris',
    columns: ['eyes', 'method', 'n', 'IoU', 'median', 'missed', 'refused', 'limbus', 'radius', 'pupil', 'radius'],
    rows: summarise(scores).map((s) => [
      s.group,
      s.method,
      `${s.photos}`,
      cell(s.meanIou, 3),
      cell(s.medianIou, 3),
      `${s.misses}`,
      `${s.refused}`,
      ...[s.limbusCentre, s.limbusRadius, s.pupilCentre, s.pupilRadius].map((error) => cell(error, 2, ' %')),
    ]),
    notes: [
      `missed: IoU below ${missBelow}; no answer counts as 0`,
      'limbus, pupil: mean distance of the centres, then mean error of the radius, in % of the iris diameter',
    ],
  };
}

function wronglyRefusedTable(scores: readonly EyeScore[]): Table {
  const ours = scores.filter(({ method }) => method === scores[0]?.method);
  const groups = [...new Set(ours.map(({ group }) => group))];
  const refusedIn = (group: string): EyeScore[] =>
    ours.filter((score) => score.group === group && score.refusedByProduct !== undefined);
  return {
    title: 'Eyes that the product would refuse (iris at least 100 px, 40 % visible)',
    columns: ['eyes', 'n', 'no eye', 'other reasons'],
    rows: groups.map((group) => {
      const refused = refusedIn(group);
      const noEye = refused.filter((score) => score.refusedByProduct === 'NO_EYE').length;
      const count = ours.filter((score) => score.group === group).length;
      return [group, `${count}`, `${noEye}`, `${refused.length - noEye}`];
    }),
    notes: groups.flatMap(refusedIn).map(({ name, refusedByProduct }) => `${name}: ${refusedByProduct}`),
  };
}

function refusalTable(scores: readonly RefusalScore[]): Table {
  const methods = [...new Set(scores.map(({ method }) => method))];
  const kinds = [...new Set(scores.map(({ kind }) => kind))];
  const refused = (kind: string | undefined, method: string): string => {
    const rows = scores.filter((score) => score.method === method && (kind === undefined || score.kind === kind));
    const count = rows.filter((score) => score.refused !== undefined).length;
    return kind === undefined ? percent(count / rows.length) : `${count} of ${rows.length}`;
  };
  const row = (kind: string | undefined): string[] => [
    kind ?? 'all',
    ...methods.map((method) => refused(kind, method)),
  ];
  const accepted = scores.filter((score) => score.method === methods[0] && score.refused === undefined);
  const closest = scores
    .filter((score) => score.method === methods[0] && score.refused === 'NO_EYE')
    .toSorted((a, b) => b.measured! - a.measured!)
    .slice(0, 5);
  return {
    title: 'Pictures without an eye: refused',
    columns: ['picture', ...methods],
    rows: [...kinds.map(row), row(undefined)],
    notes: [
      `taken for an eye by ${methods[0]}: ${accepted.map(({ name }) => name).join(', ') || 'none'}`,
      `refused most narrowly: ${closest.map(({ name, measured }) => `${name} ${measured}`).join(', ') || 'none'}`,
    ],
  };
}

function findingTable(scores: readonly FindingScore[]): Table {
  const rows = byGroup(scores).map(([group, all]) => {
    const lit = all.filter(({ recall }) => recall !== undefined);
    return [
      group,
      `${all.length}`,
      `${lit.length}`,
      percent(mean(lit.map(({ recall }) => recall!))),
      percent(mean(all.map(({ falseArea }) => falseArea)), 2),
    ];
  });
  return {
    title: 'Highlights found',
    columns: ['eyes', 'n', 'with highlights', 'recall', 'false area'],
    rows,
    notes: [
      'false area: share of iris and pupil that is neither a highlight nor within 4 % of the limbus radius of one',
    ],
  };
}

function fillingTable(scores: readonly FillingScore[]): Table {
  const row = (group: string, shape: string, all: readonly FillingScore[]): string[] => {
    const telea = all.flatMap((score) => score.telea ?? []);
    const [ours, theirs] = [meanFigures(all.map((score) => score.ours)), meanFigures(telea)];
    return [
      group,
      shape,
      `${all.length}`,
      cell(ours.psnr, 2, ' dB'),
      cell(theirs.psnr, 2, ' dB'),
      cell(ours.psnr - theirs.psnr, 2, ' dB'),
      cell(ours.ssim, 3),
      cell(theirs.ssim, 3),
      ...[all.map((score) => score.ours), telea].map((by) => cell(mean(by.map((f) => f.hiddenPsnr)), 2, ' dB')),
      `${all.reduce((sum, { changedOutside }) => sum + changedOutside, 0)}`,
    ];
  };
  return {
    title: 'Pasted lights filled, inside the hole',
    columns: [
      'eyes',
      'light',
      'n',
      'PSNR',
      'Telea',
      'better by',
      'SSIM',
      'Telea',
      'where hidden',
      'Telea',
      'changed outside',
    ],
    rows: byGroup(scores).flatMap(([group, all]) => [
      ...glareShapes.map((shape) =>
        row(
          group,
          shape,
          all.filter((score) => score.shape === shape),
        ),
      ),
      row(group, 'all', all),
    ]),
    notes: [
      'where hidden: PSNR of the pixels through which nothing of the iris shows; at a light’s soft edge something does',
      'changed outside: pixels beyond the hole that are not bit-identical',
      ...(scores.some(({ telea }) => telea) ? [] : ['Telea: not run, python3-opencv is not installed']),
    ],
  };
}

function upscalingTable(scores: readonly UpscalingScore[], upscaler: string): Table {
  const row = (group: string, degradation: string, all: readonly UpscalingScore[]): string[] => {
    const figures = (['ours', 'lanczos', 'bicubic'] as const).map((by) => meanFigures(all.map((score) => score[by])));
    const gains = all.map(({ ours, lanczos }) => ours.psnr - lanczos.psnr);
    return [
      group,
      degradation,
      `${all.length}`,
      ...figures.map(({ psnr }) => cell(psnr, 2, ' dB')),
      ...[mean(gains), Math.min(...gains)].map((gain) => cell(gain, 2, ' dB')),
      ...figures.map(({ ssim }) => cell(ssim, 4)),
    ];
  };
  return {
    title: `×4, ours: ${upscaler}`,
    columns: [
      'pictures',
      'degradation',
      'n',
      'PSNR',
      'Lanczos',
      'bicubic',
      'over Lanczos',
      'least',
      'SSIM',
      'Lanczos',
      'bicubic',
    ],
    rows: byGroup(scores).flatMap(([group, all]) =>
      degradations.map((degradation) =>
        row(
          group,
          degradation,
          all.filter((score) => score.degradation === degradation),
        ),
      ),
    ),
    notes: [
      'the small picture: each pixel the mean of 4 × 4, then degraded; squares of 2.2 limbus radii, 256 px or more',
      ...(scores.length === 0 ? ['no picture is large enough'] : []),
    ],
  };
}

function colourTable(scores: readonly ColourScore[]): Table {
  return {
    title: 'Colour of the iris before and after',
    columns: ['eyes', 'n', 'mean ΔE2000', 'largest'],
    rows: byGroup(scores).map(([group, all]) => {
      const values = all.map(({ deltaE }) => deltaE);
      return [group, `${all.length}`, cell(mean(values), 2), cell(Math.max(...values), 2)];
    }),
  };
}

function geometryTable(scores: readonly GeometryScore[]): Table {
  return {
    title: 'Geometry of the result',
    columns: ['eyes', 'n', 'ratio of axes', 'largest', 'pupil offset', 'pupil/iris ratio error'],
    rows: byGroup(scores).map(([group, all]) => {
      const of = (pick: (score: GeometryScore) => number | undefined): number =>
        mean(all.map(pick).filter((value) => value !== undefined));
      return [
        group,
        `${all.length}`,
        cell(
          of(({ limbusRatio }) => limbusRatio),
          3,
        ),
        cell(Math.max(...all.map(({ limbusRatio }) => limbusRatio)), 3),
        cell(
          of(({ pupilOffset }) => pupilOffset),
          2,
          ' %',
        ),
        cell(
          of(({ pupilRatioError }) => pupilRatioError),
          2,
          ' %',
        ),
      ];
    }),
    notes: [
      'offset in % of the iris diameter; the result is the photo moved and scaled, so the limbus keeps its shape',
    ],
  };
}

function speedTables({ photo, steps, calls }: Speed): Table[] {
  const withCuda = steps.some(({ device }) => device !== 'cpu');
  return [
    {
      title: `Speed, ${photo}`,
      columns: ['step', 'device', 'ms', 'megapixels', 'ms per megapixel', 'in the network', 'ours', 'peak MiB'],
      rows: [
        ...steps.map((s) => [
          s.step,
          s.device,
          cell(s.ms, 0),
          cell(s.megapixels, 1),
          cell(s.ms / s.megapixels, 1),
          cell(s.sessionMs, 0),
          cell(s.ms - s.sessionMs, 0),
          cell(s.peakMib, 0),
        ]),
        ...(withCuda ? [] : [['all', 'cuda', 'not run']]),
      ],
      notes: ['megapixels read; of enhancing those drawn'],
    },
    {
      title: 'One call of a network: through our code, and onnxruntime alone',
      columns: ['network', 'device', 'ms', 'onnxruntime', 'added'],
      rows: calls.map(({ network, device, callMs, rawMs }) => [
        network,
        device,
        cell(callMs, 2),
        cell(rawMs, 2),
        percent(callMs / rawMs - 1, 2),
      ]),
    },
  ];
}

function meanFigures(all: readonly PictureFigures[]): PictureFigures {
  return { psnr: mean(all.map(({ psnr }) => psnr)), ssim: mean(all.map(({ ssim }) => ssim)) };
}

function byGroup<T extends { readonly group: string }>(scores: readonly T[]): [string, T[]][] {
  return [...new Set(scores.map(({ group }) => group))].map((group) => [
    group,
    scores.filter((score) => score.group === group),
  ]);
}
