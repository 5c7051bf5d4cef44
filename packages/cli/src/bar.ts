import { SingleBar } from 'cli-progress';

/** How far something is. */
export interface Bar {
  /** The first call starts the bar, at whatever value. */
  show(value: number, total: number): void;
  stop(): void;
}

/** Shows how far something is: on a terminal a bar with the time that is left, elsewhere a line for each quarter. */
export function openBar(
  name: string,
  say: (value: number, total: number) => string,
  out: NodeJS.WriteStream = process.stderr,
): Bar {
  return out.isTTY ? liveBar(name, say, out) : plainLines(name, say, out);
}

function liveBar(name: string, say: (value: number, total: number) => string, out: NodeJS.WriteStream): Bar {
  const bar = new SingleBar({
    format: '  {name} {bar} {percentage}% {said}, {eta_formatted} left',
    stream: out,
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    linewrap: false,
    etaBuffer: 100,
  });
  return {
    show: (value, total) => {
      const payload = { name, said: say(value, total) };
      if (bar.isActive) bar.update(value, payload);
      else bar.start(total, value, payload);
    },
    stop: () => bar.stop(),
  };
}

function plainLines(name: string, say: (value: number, total: number) => string, out: NodeJS.WriteStream): Bar {
  let said = -1;
  return {
    show: (value, total) => {
      const quarter = Math.floor((4 * value) / total);
      if (quarter === said) return;
      said = quarter;
      out.write(`  ${String(quarter * 25).padStart(3)}%  ${name}  ${say(value, total)}\n`);
    },
    stop: () => {},
  };
}
