import { readFileSync } from 'node:fs';

// Loaded before a process of the mesh (node --import): its clock is moved by as many milliseconds as the file says that
// MOVED_CLOCK names. All that asks for the time is moved alike: services, tokens, signatures, links.

const READ_EVERY_MS = 20;
const file = process.env['MOVED_CLOCK'];

if (file !== undefined) {
  const RealDate = Date;
  let movedMs = 0;
  let readAt = Number.NEGATIVE_INFINITY;
  const now = (): number => {
    if (performance.now() - readAt >= READ_EVERY_MS) {
      readAt = performance.now();
      movedMs = Number(readFileSync(file, 'utf8')) || movedMs; // empty for a moment while it is written
    }
    return RealDate.now() + movedMs;
  };
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [now()] : args, self),
    apply: () => new RealDate(now()).toString(),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}
