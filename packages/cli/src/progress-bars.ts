import { type Job, JobStatus, JobStep } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { MultiBar, type SingleBar } from 'cli-progress';

const stepNames: Record<JobStep & number, string> = {
  [JobStep.UNSPECIFIED]: 'waiting',
  [JobStep.LOADING]: 'loading',
  [JobStep.SEGMENTING]: 'segmenting',
  [JobStep.REMOVING_REFLECTIONS]: 'removing reflections',
  [JobStep.ENHANCING]: 'enhancing',
  [JobStep.BLENDING]: 'blending',
  [JobStep.SAVING]: 'saving',
};

/** One live line per piece of work. On a terminal a bar; elsewhere one line per change of step. */
export interface ProgressBars {
  /** A state before there is a job, for example "uploading". */
  say(name: string, state: string): void;
  show(name: string, job: Job): void;
  stop(): void;
}

export function openProgressBars(out: NodeJS.WriteStream = process.stderr): ProgressBars {
  return out.isTTY ? liveBars(out) : plainLines(out);
}

/** What a person reads behind a bar. */
export function stateOf(job: Job): string {
  switch (job.status) {
    case JobStatus.COMPLETED:
      return 'done';
    case JobStatus.FAILED:
      return job.rejection ? 'refused' : 'failed';
    case JobStatus.CANCELLED:
      return 'cancelled';
    default:
      return stepNames[job.step as JobStep & number] ?? 'working';
  }
}

function liveBars(out: NodeJS.WriteStream): ProgressBars {
  const bars = new Map<string, SingleBar>();
  const multi = new MultiBar(
    {
      format: '  {name} {bar} {percentage}% {state}',
      stream: out,
      barsize: 24,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: true,
      linewrap: false,
      forceRedraw: true,
    },
    undefined,
  );
  const update = (name: string, progress: number, state: string): void => {
    const shown = name.length > 24 ? `${name.slice(0, 23)}…` : name.padEnd(24);
    const bar = bars.get(name) ?? multi.create(100, 0, { name: shown, state });
    bars.set(name, bar);
    bar.update(progress, { name: shown, state });
  };
  return {
    say: (name, state) => update(name, 0, state),
    show: (name, job) => update(name, job.progress, stateOf(job)),
    stop: () => multi.stop(),
  };
}

function plainLines(out: NodeJS.WriteStream): ProgressBars {
  const last = new Map<string, string>();
  const line = (name: string, progress: number, state: string): void => {
    if (last.get(name) === state) return;
    last.set(name, state);
    out.write(`  ${String(progress).padStart(3)}%  ${name}  ${state}\n`);
  };
  return {
    say: (name, state) => line(name, 0, state),
    show: (name, job) => line(name, job.progress, stateOf(job)),
    stop: () => {},
  };
}
