/** Tells how far a part of the bench is. */
export type Progress = (part: string, done: number, total: number) => void;

/** A line on standard error that is written over; nothing where that is no terminal but a line for each part. */
export function progressLine(): Progress & { end(): void } {
  const { isTTY } = process.stderr;
  let part = '';
  const show: Progress = (name, done, total) => {
    if (isTTY) process.stderr.write(`\r\x1b[K${name}: ${done} of ${total}`);
    else if (name !== part) process.stderr.write(`${name}: ${total}\n`);
    part = name;
  };
  return Object.assign(show, {
    end: () => {
      if (isTTY) process.stderr.write('\r\x1b[K');
    },
  });
}
