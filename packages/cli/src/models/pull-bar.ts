import { SingleBar } from 'cli-progress';
import { formatBytes } from './format-bytes.ts';
import type { PullProgress } from './pull-model.ts';

/** Shows a pull: on a terminal a bar with bytes and the time that is left, elsewhere a line for each quarter. */
export function openPullBar(name: string, out: NodeJS.WriteStream): { readonly show: PullProgress; stop(): void } {
  return out.isTTY ? liveBar(name, out) : plainLines(name, out);
}

function liveBar(name: string, out: NodeJS.WriteStream): { readonly show: PullProgress; stop(): void } {
  const bar = new SingleBar({
    format: '  {name} {bar} {percentage}% {received} of {size}, {eta_formatted} left',
    stream: out,
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    linewrap: false,
    etaBuffer: 100,
  });
  return {
    show: (received, total) => {
      const payload = { name, received: formatBytes(received), size: formatBytes(total) };
      if (received === 0) bar.start(total, 0, payload);
      else bar.update(received, payload);
    },
    stop: () => bar.stop(),
  };
}

function plainLines(name: string, out: NodeJS.WriteStream): { readonly show: PullProgress; stop(): void } {
  let said = -1;
  return {
    show: (received, total) => {
      const quarter = Math.floor((4 * received) / total);
      if (quarter === said) return;
      said = quarter;
      const percent = String(quarter * 25).padStart(3);
      out.write(`  ${percent}%  ${name}  ${formatBytes(received)} of ${formatBytes(total)}\n`);
    },
    stop: () => {},
  };
}
