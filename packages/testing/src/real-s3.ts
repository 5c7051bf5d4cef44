import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@irisvue/embedded';
import { containerS3 } from './container-s3.ts';
import { searchPath, wantedServers } from './environment.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { until } from './until.ts';

/** A real S3 server for tests: one monitor, one OSD and one gateway of Ceph, with nothing else in it. */
export interface RealS3 extends AsyncDisposable {
  /** Store URL of a bucket that nothing else uses. */
  readonly storeUrl: (bucket: string) => string;
  /** Ends it at once (SIGKILL), as a crash would. */
  readonly killGateway: () => Promise<void>;
}

/** What has to be installed: `apt-get install --no-install-recommends ceph-mon ceph-osd ceph-common radosgw`. */
const PROGRAMS = ['ceph', 'ceph-authtool', 'ceph-mon', 'ceph-osd', 'monmaptool', 'radosgw', 'radosgw-admin'] as const;

// The gateway would make them itself, but its admin tool hangs when it has to (seen with 16.2).
const POOLS = [
  '.rgw.root',
  'default.rgw.log',
  'default.rgw.control',
  'default.rgw.meta',
  'default.rgw.buckets.index',
  'default.rgw.buckets.data',
  'default.rgw.buckets.non-ec',
] as const;

const ACCESS_KEY = 'irisvuetest';
const MEMORY_BYTES = 1024 ** 3;
const START_TIMEOUT_MS = 90_000;
const COMMAND_TIMEOUT_MS = 30_000;
const ADMIN_TRIES = 4;
const STOP_GRACE_MS = 3_000;

const run = promisify(execFile);

/** Whether a real S3 server can be had here: Ceph's programs are installed, or containers are wanted. */
export function isRealS3Installed(): boolean {
  return wantedServers() === 'containers' || PROGRAMS.every((program) => findProgram(program) !== undefined);
}

/** Whether the server that startRealS3 starts can be asked for encryption, put by put. */
export const realS3Asks = (): boolean => wantedServers() !== 'containers';

/** Starts a real S3 server, where IRISVUE_TEST_SERVERS says: in a container, else programs of this machine. */
export const startRealS3 = (): Promise<RealS3> => (wantedServers() === 'containers' ? containerS3() : programS3());

/**
 * Starts a real S3 server on free ports; takes 10 to 20 s. Data is kept in memory and gone when it is disposed of.
 * Throws when Ceph is not installed (see isRealS3Installed) or does not come up, with the end of its logs.
 */
async function programS3(): Promise<RealS3> {
  const temporary = await temporaryFolder('s3');
  const folder = temporary.path;
  const daemons: ChildProcess[] = [];
  const dispose = async () => {
    for (const daemon of daemons.toReversed()) await stop(daemon);
    await temporary[Symbol.asyncDispose]();
  };
  try {
    const secret = randomBytes(24).toString('hex');
    const s3Port = await freePort();
    const config = path.join(folder, 'ceph.conf');
    const ceph = (program: string, ...args: string[]) =>
      run(programPath(program), ['-c', config, ...args], { timeout: COMMAND_TIMEOUT_MS, killSignal: 'SIGKILL' });
    const daemon = (program: string, ...args: string[]) => {
      const started = spawn(programPath(program), ['-c', config, '-f', ...args], { stdio: 'ignore' });
      daemons.push(started);
      return started;
    };

    await writeCluster(folder, config, s3Port);
    await ceph('ceph-mon', '-i', 'a', '--mkfs', '--monmap', `${folder}/monmap`, '--keyring', `${folder}/keyring`);
    daemon('ceph-mon', '-i', 'a');
    const osdId = randomUUID();
    await ceph('ceph', 'osd', 'create', osdId);
    await ceph('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osdId);
    daemon('ceph-osd', '-i', '0');
    await ceph('ceph', 'osd', 'crush', 'add', 'osd.0', '1.0', 'root=default', 'host=local');
    await until(async () => (await ceph('ceph', 'osd', 'stat')).stdout.includes(' 1 up'), {
      what: 'the OSD being up',
      limitMs: START_TIMEOUT_MS,
    });
    await makePools(config);
    await makeUser(ceph, secret);
    const gateway = daemon('radosgw', '-n', 'client.rgw.a');
    await until(async () => (await fetch(`http://127.0.0.1:${s3Port}/`)).ok, {
      what: 'an answer of the gateway',
      limitMs: START_TIMEOUT_MS,
    });

    return {
      storeUrl: (bucket) => `s3://${ACCESS_KEY}:${secret}@127.0.0.1:${s3Port}/${bucket}?tls=false`,
      killGateway: () => kill(gateway, 'SIGKILL'),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    const log = await endOfLogs(folder);
    await dispose();
    throw new Error(`Ceph did not start\n${log}`, { cause: error });
  }
}

function findProgram(name: string): string | undefined {
  // Daemons lie in sbin, which a user's PATH may lack.
  const folders = [...searchPath.split(path.delimiter), '/usr/sbin', '/usr/bin'];
  return folders.map((folder) => path.join(folder, name)).find(isExecutable);
}

function programPath(name: string): string {
  const found = findProgram(name);
  if (found === undefined) throw new Error(`${name} is not installed`);
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Configuration, keys and the map of the one monitor. */
async function writeCluster(folder: string, config: string, s3Port: number): Promise<void> {
  const [v2Port, v1Port] = [await freePort(), await freePort()];
  const monitor = `[v2:127.0.0.1:${v2Port},v1:127.0.0.1:${v1Port}]`;
  const fsid = randomUUID();
  for (const name of ['mon', 'osd', 'run', 'log', 'rgw']) await mkdir(path.join(folder, name));
  await writeFile(config, cephConfig({ folder, fsid, monitor, s3Port }));
  await run(programPath('monmaptool'), [
    '--create',
    '--clobber',
    '--fsid',
    fsid,
    '--addv',
    'a',
    monitor,
    `${folder}/monmap`,
  ]);
  const keyring = `${folder}/keyring`;
  await run(programPath('ceph-authtool'), [
    '--create-keyring',
    keyring,
    '--gen-key',
    '-n',
    'mon.',
    '--cap',
    'mon',
    'allow *',
  ]);
  for (const name of ['client.admin', 'osd.0', 'client.rgw.a']) {
    const caps = ['mon', 'osd', 'mgr'].flatMap((service) => ['--cap', service, 'allow *']);
    await run(programPath('ceph-authtool'), [keyring, '--gen-key', '-n', name, ...caps]);
  }
}

// cephx and a keyring although nobody else is there: without them the gateway hangs in its handshake with the monitor.
function cephConfig(o: { folder: string; fsid: string; monitor: string; s3Port: number }): string {
  return `[global]
fsid = ${o.fsid}
mon host = ${o.monitor}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
keyring = ${o.folder}/keyring
auth allow insecure global id reclaim = false
run dir = ${o.folder}/run
admin socket = ${o.folder}/run/$name.asok
pid file = ${o.folder}/run/$name.pid
log file = ${o.folder}/log/$name.log
mon cluster log file = ${o.folder}/log/cluster.log
osd crush update on start = false
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 1000
[mon.a]
mon data = ${o.folder}/mon
[osd]
osd data = ${o.folder}/osd
osd objectstore = memstore
memstore device bytes = ${MEMORY_BYTES}
osd class load list = *
osd class default list = *
[client.rgw.a]
rgw data = ${o.folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:${o.s3Port}
rgw crypt require ssl = false
rgw enable usage log = false
rgw dns name = localhost
`;
}

/** Makes the pools by one `ceph` that reads its commands from stdin: each start of it costs half a second. */
async function makePools(config: string): Promise<void> {
  const commands = POOLS.flatMap((pool) => [`osd pool create ${pool} 4 4`, `osd pool application enable ${pool} rgw`]);
  const made = run(programPath('ceph'), ['-c', config], { timeout: START_TIMEOUT_MS, killSignal: 'SIGKILL' });
  made.child.stdin?.end(`${commands.join('\n')}\n`);
  await made;
}

async function makeUser(ceph: (program: string, ...args: string[]) => Promise<unknown>, secret: string): Promise<void> {
  const user = ['user', 'create', '--uid=irisvue', '--display-name=irisvue'];
  const keys = [`--access-key=${ACCESS_KEY}`, `--secret-key=${secret}`];
  for (let tries = 1; ; tries += 1) {
    try {
      await ceph('radosgw-admin', '-n', 'client.rgw.a', ...user, ...keys);
      return;
    } catch (error) {
      if (tries === ADMIN_TRIES) throw error; // it hangs now and then until it is ended
    }
  }
}

async function stop(daemon: ChildProcess): Promise<void> {
  const timer = setTimeout(() => daemon.kill('SIGKILL'), STOP_GRACE_MS);
  await kill(daemon, 'SIGTERM');
  clearTimeout(timer);
}

async function kill(daemon: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  daemon.kill(signal);
  await ended;
}

async function endOfLogs(folder: string): Promise<string> {
  const logs = ['mon.a', 'osd.0', 'client.rgw.a'].map((name) => `${folder}/log/${name}.log`);
  const texts = await Promise.all(logs.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.map((text) => text.split('\n').slice(-10).join('\n')).join('\n');
}
