import { spawn } from 'node:child_process';

/** Label of the containers that one process started. */
export const REAPER_LABEL = 'irisvue.tests';

const REAP = `
read -r _ && exit 0
docker ps --all --quiet --filter "label=${REAPER_LABEL}=$1" | xargs -r docker rm --force --volumes`;

/**
 * Removes every container with this value of the label as soon as this process is gone, however it ends: a shell of its
 * own reads a pipe that only we hold. Disposing lets it go without removing anything.
 */
export function reapContainers(session: string): Disposable {
  const reaper = spawn('/bin/sh', ['-c', REAP, 'reaper', session], {
    detached: true, // Ctrl-C is for us
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  reaper.stdin.on('error', () => {}); // it may be gone already when it is let go
  reaper.unref();
  return { [Symbol.dispose]: () => reaper.stdin.end('ended\n') };
}
