import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './run-vitest.ts';

const training = fileURLToPath(new URL('../models/training', import.meta.url));

/**
 * Runs the tests of the trainings with this Python once, their output shown, and counts them. Without a Python that has
 * what trainings need they are one skipped test.
 */
export async function runUnittest(python: string | undefined): Promise<Outcome> {
  if (!python) {
    console.log('skipped: no Python here has torch, numpy, cv2 and onnx (./irisvue setup --training)');
    return { passed: 0, failed: 0, skipped: 1 };
  }
  const args = ['-m', 'unittest', 'discover', '--start-directory', 'tests', '--top-level-directory', '.'];
  const child = spawn(python, args, { cwd: training, stdio: ['ignore', 'inherit', 'pipe'] });
  let report = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    process.stderr.write(text);
    report += text;
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve(exitCode ?? 1));
  });
  return outcomeOf(report, code);
}

/** What unittest's last lines tell: "Ran 32 tests in 3.1s" and, for example, "FAILED (failures=1, skipped=2)". */
function outcomeOf(report: string, code: number): Outcome {
  const numberOf = (pattern: RegExp): number => Number(report.match(pattern)?.[1] ?? 0);
  const ran = numberOf(/^Ran (\d+) tests? in /m);
  const told = numberOf(/\bfailures=(\d+)/) + numberOf(/\berrors=(\d+)/);
  const failed = told === 0 && code !== 0 ? 1 : told;
  const skipped = numberOf(/\bskipped=(\d+)/);
  return { passed: Math.max(0, ran - failed - skipped), failed, skipped };
}
