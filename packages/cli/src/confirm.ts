import { createInterface } from 'node:readline/promises';

/**
 * Asks a person a question that yes or no answers. @returns whether the answer was yes; without a terminal to ask on,
 * and unless `yes` says it beforehand, an Error that says so is thrown.
 */
export async function confirm(question: string, o: { readonly yes?: boolean; readonly signal?: AbortSignal } = {}) {
  if (o.yes) return true;
  if (!process.stdin.isTTY) throw new Error('there is no terminal to ask on: say --yes');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const text = `${question} [y/N] `;
    const answer = await (o.signal ? terminal.question(text, { signal: o.signal }) : terminal.question(text));
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
