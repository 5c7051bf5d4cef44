import type { StartProgress } from './with-gateway.ts';

/** Shows on one line (on a terminal) or line by line (elsewhere) which parts of the mesh are up. */
export function showMeshStart(out: NodeJS.WriteStream = process.stderr): StartProgress & { done(): void } {
  const startedAt = performance.now();
  const ready: string[] = [];
  const show: StartProgress = ({ name, state, detail }) => {
    if (state === 'failed') out.write(`\n  ${name} failed: ${detail ?? 'see its log'}\n`);
    if (state !== 'ready' || ready.includes(name)) return;
    ready.push(name);
    if (out.isTTY) out.write(`\r\x1b[2K  starting the mesh: ${ready.join(' · ')}`);
  };
  const done = (): void => {
    if (ready.length === 0) return;
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    out.write(`${out.isTTY ? '\r\x1b[2K' : ''}  mesh up in ${seconds} s: ${ready.join(' · ')}\n`);
    ready.length = 0;
  };
  return Object.assign(show, { done });
}
