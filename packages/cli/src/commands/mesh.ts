import { createReadStream } from 'node:fs';
import { readdir, stat, watch } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { findMesh, logPath, startMesh } from '@irisvue/embedded';
import type { Command } from 'commander';
import { startDockerMesh, stopDockerMesh } from '../docker-mesh.ts';
import type { RunContext } from '../main.ts';
import { showMeshStart } from '../mesh-progress.ts';

/** Registers up, down, status and logs. */
export function meshCommands(program: Command, run: RunContext): void {
  program
    .command('up')
    .summary('start the mesh and keep it running')
    .description('Starts PostgreSQL, NATS, Redis, the object store and all services. Ctrl-C stops them.')
    .option('-d, --detach', 'return once it is ready; `irisvue down` stops it')
    .option('--docker', 'in containers, by docker compose, and return once it is ready')
    .action(({ detach, docker }: { detach?: boolean; docker?: boolean }) =>
      docker ? upInDocker(run) : up(run, detach ?? false),
    );
  program
    .command('down')
    .summary('stop the mesh')
    .option('--docker', 'the one in containers; its data stays in its volumes')
    .action(({ docker }: { docker?: boolean }) => (docker ? stopDockerMesh(run.settings.home, run.signal) : down(run)));
  program
    .command('status')
    .summary('show what runs')
    .description('Prints each process and the state of each service. Exit code 1 when the mesh does not run.')
    .option('--json', 'as JSON')
    .action(({ json }: { json?: boolean }) => status(run, json ?? false));
  program
    .command('logs')
    .summary('show the log of a process')
    .argument('[name]', 'gateway, jobs, postgres, …; without it, the names are listed')
    .option('-f, --follow', 'go on as new lines come')
    .action((name: string | undefined, { follow }: { follow?: boolean }) => logs(run, name, follow ?? false));
}

async function up({ settings, signal }: RunContext, detached: boolean): Promise<void> {
  const running = await findMesh(settings.home);
  if (running) {
    console.log(`The mesh runs already: ${running.gatewayUrl}`);
    return;
  }
  const progress = showMeshStart();
  const mesh = await startMesh({
    home: settings.home,
    ports: settings.portBase ?? 'default',
    detached,
    onProgress: progress,
    signal,
  });
  progress.done();
  console.log(`Gateway: ${mesh.gatewayUrl}   logs: ${join(settings.home, 'logs')}`);
  if (detached) return;
  console.log('Ctrl-C stops the mesh.');
  await mesh.ended(signal);
  await mesh.stop();
}

async function upInDocker({ settings, signal }: RunContext): Promise<void> {
  const gatewayUrl = await startDockerMesh(settings, signal);
  console.log(`Gateway: ${gatewayUrl}   for the other commands: export IRISVUE_GATEWAY_URL=${gatewayUrl}`);
}

async function down({ settings }: RunContext): Promise<void> {
  const mesh = await findMesh(settings.home);
  if (!mesh) {
    console.log('No mesh runs here.');
    return;
  }
  await mesh.stop();
  console.log('Stopped.');
}

async function status({ settings }: RunContext, json: boolean): Promise<void> {
  const mesh = await findMesh(settings.home);
  if (!mesh) {
    console.log(json ? '{"running":false}' : 'No mesh runs here. Start one with: ./irisvue up');
    process.exitCode = 1;
    return;
  }
  const answer = await fetch(`${mesh.gatewayUrl}/healthz`);
  const health = (await answer.json()) as Record<string, unknown>;
  if (json) {
    console.log(
      JSON.stringify({ running: true, gatewayUrl: mesh.gatewayUrl, processes: mesh.processes, health }, null, 2),
    );
    return;
  }
  console.log(`Gateway ${mesh.gatewayUrl}`);
  for (const { name, pid, url } of mesh.processes)
    console.log(`  ${name.padEnd(14)} pid ${String(pid).padEnd(8)} ${url ?? ''}`);
  console.log(JSON.stringify(health, null, 2));
}

async function logs({ settings, signal }: RunContext, name: string | undefined, follow: boolean): Promise<void> {
  const folder = join(settings.home, 'logs');
  const names = (await readdir(folder).catch(() => []))
    .filter((f) => f.endsWith('.log'))
    .map((f) => basename(f, '.log'));
  if (!name) {
    console.log(names.length ? names.join('\n') : 'There are no logs yet.');
    return;
  }
  if (!names.includes(name)) throw new Error(`there is no log "${name}"; there are: ${names.join(', ') || 'none'}`);
  const path = logPath(settings.home, name);
  let at = await print(path, 0);
  if (!follow) return;
  try {
    for await (const _ of watch(path, { signal })) {
      const { size } = await stat(path);
      at = await print(path, size < at ? 0 : at);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Prints a file from a byte on. @returns where it ended. */
async function print(path: string, start: number): Promise<number> {
  let at = start;
  for await (const chunk of createReadStream(path, { start })) {
    at += (chunk as Buffer).length;
    process.stdout.write(chunk as Buffer);
  }
  return at;
}
