import type { PhotoOutcome } from './process-photos.ts';

/** Exit codes of the commands that process photos. */
export const exitCode = { done: 0, failed: 1, refused: 3 } as const;

/** Says for each file without a result why, then one line with the sums. @returns the exit code. */
export function report(outcomes: readonly PhotoOutcome[], sheet: string, startedAt: number): number {
  const count = (end: PhotoOutcome['end']): number => outcomes.filter((o) => o.end === end).length;
  for (const { name, end, problem } of outcomes) {
    if (end !== 'completed') console.log(`  ${end === 'refused' ? '–' : '✗'} ${name} ${end}: ${problem}`);
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(
    `\n${count('completed')} processed, ${count('refused')} refused, ${count('failed')} failed, in ${seconds} s`,
  );
  console.log(`Pictures: ${sheet}`);
  if (count('failed') > 0) return exitCode.failed;
  return count('refused') > 0 ? exitCode.refused : exitCode.done;
}
