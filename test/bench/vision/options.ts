import { parseArgs } from 'node:util';
import { type Device, isDevice } from '@irisvue/vision';
import type { Half } from './half.ts';

export const parts = ['segmentation', 'refusal', 'highlights', 'upscaling', 'colour', 'geometry', 'speed'] as const;
export type Part = (typeof parts)[number];

export const usage = `Usage: ./irisvue bench vision [--data DIR] [--half a|b] [--photos DIR] [--only PART] [--rendered N]
                             [--runs N] [--device cpu|cuda:N] [--json FILE] [--html FILE]

How well irises are found, cleaned, enlarged and refused, and how fast: the models in use beside the classical method,
a circle in the middle, OpenCV's Telea, Lanczos and bicubic. On rendered eyes always.

  --data DIR      labelled photos besides: labels.json, images/, iris/, glare/; masked-images/ and masked-iris/ where
                  there are any. Photos are grouped by what stands before "_" in their names.
  --half a|b      only one half of them: a for tuning, b to be looked at rarely. The first byte of the SHA-256 of the
                  file name decides, for ever: even is a.
  --photos DIR    general photos, to be enlarged besides the irises
  --only PART     ${parts.join(', ')}; may be given several times
  --rendered N    rendered eyes (default 42)
  --runs N        runs of which the time is the median (default 3)
  --device D      cpu (default) or cuda:N; on cuda:N the speed of both is measured
  --json FILE     all figures, for every picture
  --html FILE     one page with the tables and the worst cases as pictures
`;

export interface Options {
  readonly data?: string;
  readonly half?: Half;
  readonly photos?: string;
  readonly parts: ReadonlySet<Part>;
  readonly rendered: number;
  readonly runs: number;
  readonly device: Device;
  readonly json?: string;
  readonly html?: string;
}

/** Reads the command line; undefined when help was asked for. @throws TypeError when it cannot be followed. */
export function readOptions(parameters: string[]): Options | undefined {
  const { values } = parseArgs({
    args: parameters,
    options: {
      data: { type: 'string' },
      half: { type: 'string' },
      photos: { type: 'string' },
      only: { type: 'string', multiple: true },
      rendered: { type: 'string', default: '42' },
      runs: { type: 'string', default: '3' },
      device: { type: 'string', default: 'cpu' },
      json: { type: 'string' },
      html: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return undefined;
  const { half, device, data, photos, json, html } = values;
  if (half !== undefined && half !== 'a' && half !== 'b') throw new TypeError(`--half is a or b, not "${half}"`);
  if (half !== undefined && data === undefined) throw new TypeError('--half is a half of --data DIR');
  if (!isDevice(device)) throw new TypeError(`--device is cpu or cuda:N, not "${device}"`);
  const asked = values.only ?? [...parts];
  for (const part of asked) if (!isPart(part)) throw new TypeError(`--only is one of ${parts.join(', ')}`);
  return {
    data,
    half,
    photos,
    parts: new Set(asked.filter(isPart)),
    rendered: wholeNumber('--rendered', values.rendered),
    runs: wholeNumber('--runs', values.runs),
    device,
    json,
    html,
  };
}

function isPart(text: string): text is Part {
  return parts.some((part) => part === text);
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new TypeError(`${name} is a whole number from 1, not "${text}"`);
  return value;
}
