import { openSync, readSync } from 'node:fs';

// Loaded before a process of the mesh (node --import): its clock is moved by as many milliseconds as the file says that
// MOVED_CLOCK names. All that asks for the time is moved alike: services, tokens, signatures, links. The file is read
// each time, so that what is asked after the clock was moved knows it.

const path = process.env['MOVED_CLOCK'];

if (path !== undefined) {
  const RealDate = Date;
  const file = openSync(path, 'r');
  const digits = Buffer.alloc(32);
  let movedMs = 0;
  const now = (): number => {
    const length = readSync(file, digits, 0, digits.length, 0);
    movedMs = Number(digits.toString('latin1', 0, length)) || movedMs; // empty for a moment while it is written
    return RealDate.now() + movedMs;
  };
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [now()] : args, self),
    apply: () => new RealDate(now()).toString(),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}
