import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const MINUTE_MS = 60_000;

/** The clock of a mesh's processes. */
export interface MovedClock {
  /** Environment of the mesh. */
  readonly env: Readonly<Record<string, string>>;
  /** What the mesh takes for the time. */
  now(): Date;
  /** Moves the time on, or to a moment. */
  forward(o: { readonly months?: number; readonly days?: number; readonly minutes?: number }): Promise<void>;
  moveTo(time: Date): Promise<void>;
}

/** A clock that is moved by a file in `folder`; it starts at `start`, or at the time of this machine. */
export async function movedClock(folder: string, start?: Date): Promise<MovedClock> {
  const file = join(folder, 'clock');
  let movedMs = 0;
  const clock: MovedClock = {
    env: { MOVED_CLOCK: file },
    now: () => new Date(Date.now() + movedMs),
    async forward({ months = 0, days = 0, minutes = 0 }) {
      const time = new Date(clock.now().getTime() + minutes * MINUTE_MS);
      time.setUTCMonth(time.getUTCMonth() + months, time.getUTCDate() + days);
      await clock.moveTo(time);
    },
    async moveTo(time) {
      movedMs = time.getTime() - Date.now();
      await writeFile(file, String(movedMs));
    },
  };
  await clock.moveTo(start ?? new Date());
  return clock;
}

/** NODE_OPTIONS of a mesh whose processes load these modules first. */
export const preloading = (...modules: readonly string[]): string =>
  [process.env['NODE_OPTIONS'], ...modules.map((name) => `--import=${join(import.meta.dirname, name)}`)]
    .filter(Boolean)
    .join(' ');
