import { readMeshConfig } from './config.ts';
import type { KeptProcess } from './keep-running.ts';
import type { StartLine, StartRequest } from './start-mesh.ts';
import { superviseMesh } from './supervisor.ts';

// The process that holds a mesh. Its argument is a StartRequest; it reports to who started it over the IPC channel.
const request = JSON.parse(process.argv[2]!) as StartRequest;
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort(new Error('stopped')));

let isReady = false;
process.on('disconnect', () => {
  // Whoever started us is gone: before we were ready nobody knows of us, later only a detached mesh lives on.
  if (!(request.detached && isReady)) stop.abort(new Error('the process that started the mesh is gone'));
});

const tell = (line: StartLine): void => {
  if (process.connected) process.send!(line, () => {}); // it may go in this moment; the disconnect says so
};
const note = (fields: Record<string, unknown>): void => {
  console.log(JSON.stringify({ time: new Date().toISOString(), service: 'supervisor', pid: process.pid, ...fields }));
};

function onChange({ name, state, identity, restarts }: KeptProcess): void {
  note({ name, state, process: identity?.pid, restarts });
  tell({ kind: 'process', name, state });
}

try {
  note({ msg: 'starting', home: request.home });
  const config = readMeshConfig();
  await using mesh = await superviseMesh({ ...request, config, onChange, signal: stop.signal });
  isReady = true;
  note({ msg: 'ready', gatewayUrl: mesh.gatewayUrl });
  tell({ kind: 'ready' });
  if (!stop.signal.aborted)
    await new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve(), { once: true }));
  note({ msg: 'stopping', why: String(stop.signal.reason) });
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  note({ msg: 'failed', message });
  tell({ kind: 'failed', message });
  process.exitCode = 1;
}
if (process.connected) process.disconnect();
