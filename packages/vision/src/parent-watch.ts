import { Worker } from 'node:worker_threads';

const checkEveryMs = 250;

/**
 * Ends this process when its parent is gone, however that happened and whatever the main thread is doing: a native call
 * can hold it for seconds, in which it sees no lost IPC channel. A thread looks at the parent's id instead, which
 * changes when the parent dies (the kernel hands orphans to init).
 */
export function endWithParent(): void {
  const parent = process.ppid;
  const watch = new Worker(
    `setInterval(() => { if (process.ppid !== ${parent}) process.kill(process.pid, 'SIGKILL'); }, ${checkEveryMs});`,
    { eval: true, name: 'parent-watch', resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 } },
  );
  watch.unref();
}
