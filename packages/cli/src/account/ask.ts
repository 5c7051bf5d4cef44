import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';

const MIN_PASSWORD = 8;

/** Puts questions to the person at the terminal; elsewhere the answers are the lines of standard input, in order. */
export interface Questions extends Disposable {
  /** One line. @throws Error when there is none. */
  ask(question: string): Promise<string>;
  /** A password, which is not shown. */
  password(question: string): Promise<string>;
  /** A password of at least 8 characters; on a terminal it is asked for twice. */
  newPassword(): Promise<string>;
}

export function openQuestions(signal: AbortSignal): Questions {
  const isTerminal = process.stdin.isTTY === true;
  let shown = true;
  const screen = new Writable({
    write(chunk, _, done) {
      if (shown) process.stderr.write(chunk);
      done();
    },
  });
  const reader: Interface = createInterface({ input: process.stdin, output: screen, terminal: isTerminal });
  const lines = isTerminal ? undefined : reader[Symbol.asyncIterator]();

  async function ask(question: string): Promise<string> {
    if (lines === undefined) return await reader.question(question, { signal });
    const { value, done } = await lines.next();
    if (done) throw new Error(`there is no terminal, and standard input has no line for: ${question.trim()}`);
    return value;
  }
  async function password(question: string): Promise<string> {
    if (isTerminal) process.stderr.write(question);
    shown = false;
    try {
      return await ask(lines === undefined ? '' : question);
    } finally {
      shown = true;
      if (isTerminal) process.stderr.write('\n');
    }
  }
  return {
    ask,
    password,
    async newPassword() {
      const first = await password('New password (8 characters or more): ');
      if (first.length < MIN_PASSWORD) throw new Error('a password has at least 8 characters');
      if (isTerminal && (await password('Again: ')) !== first) throw new Error('the two passwords differ');
      return first;
    },
    [Symbol.dispose]: () => reader.close(),
  };
}
