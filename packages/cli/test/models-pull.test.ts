import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { RequestListener, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@irisvue/testing';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { findEntry, readRegistry } from '../src/models/model-registry.ts';
import { pullModel } from '../src/models/pull-model.ts';
import { reportModels } from '../src/models/shelf-report.ts';
import { serveLocally } from './model-server.ts';
import { type PublishedModel, publishModel, type RegistryText } from './published-model.ts';

let dir: string;
let shelf: string;
let model: PublishedModel;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'irisvue-pull-'));
  shelf = join(dir, 'shelf');
  await mkdir(shelf);
  model = await publishModel(dir);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

type Answer = (response: ServerResponse, bytes: Buffer) => void;

const send: Answer = (response, bytes) => void response.setHeader('content-length', bytes.length).end(bytes);

/** A server of the model and its registry; `answers` replaces single files. */
async function publish(answers: Readonly<Record<string, Answer>> = {}, change: (r: RegistryText) => void = () => {}) {
  const listener: RequestListener = ({ url }, response) => {
    const name = url!.slice(1);
    if (name === 'registry.json') {
      const registry = model.registry((file) => file); // relative to the registry
      change(registry);
      return void response.end(JSON.stringify(registry));
    }
    (answers[name] ?? send)(response, model.files.get(name) ?? Buffer.alloc(0));
  };
  const server = await serveLocally(listener);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

async function pull(registryPlace: string, o: { signal?: AbortSignal; allowHttp?: boolean } = {}) {
  const allowHttp = o.allowHttp ?? false;
  const registry = await readRegistry(registryPlace, { allowHttp, allowFiles: true });
  const progress: number[] = [];
  const onProgress = (received: number, total: number) => void progress.push(received / total);
  const pulled = await pullModel(findEntry(registry, 'doubling'), registry, {
    ...{ modelsDir: shelf, allowHttp, onProgress },
    ...(o.signal && { signal: o.signal }),
  });
  return { ...pulled, progress };
}

const nothing = async () => expect(await readdir(shelf, { recursive: true })).toEqual([]);
const files = () => readdir(join(shelf, 'doubling', '4'));

test('a model is pulled whole, says how far it is, and is not fetched twice', async () => {
  const { url } = await publish();
  const { folder, fetched, progress } = await pull(`${url}/registry.json`);
  expect({ folder, fetched }).toEqual({ folder: join(shelf, 'doubling', '4'), fetched: true });
  expect([progress[0], progress.at(-1)]).toEqual([0, 1]);
  expect(progress).toEqual([...progress].sort((a, b) => a - b));
  for (const [name, bytes] of model.files) expect(await readFile(join(folder, name))).toEqual(bytes);
  expect(await readdir(join(shelf, 'doubling'))).toEqual(['4']);
  expect(await reportModels(shelf)).toMatchObject([{ name: 'doubling', version: '4', from: 'pulled', inUse: true }]);

  expect(await pull(`${url}/registry.json`)).toMatchObject({ fetched: false });
  await writeFile(join(folder, 'CARD.md'), 'changed');
  await expect(pull(`${url}/registry.json`)).rejects.toThrow(/already, but its CARD\.md is not the registry's/);
});

test('a registry that is a file can name files beside it', async () => {
  for (const [name, bytes] of model.files) await writeFile(join(dir, name), bytes);
  await writeFile(join(dir, 'mine.json'), JSON.stringify(model.registry((name) => name)));
  await pull(join(dir, 'mine.json'));
  expect(await files()).toEqual(['CARD.md', 'doubling.onnx', 'model.json']);
});

const half: Answer = (response, bytes) => {
  response.setHeader('content-length', bytes.length);
  response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
};
const shorter: Answer = (response, bytes) => void response.end(bytes.subarray(0, bytes.length - 1)); // chunked
const longer: Answer = (response, bytes) => void response.end(Buffer.concat([bytes, Buffer.alloc(1_000_000)]));
const other: Answer = (response, bytes) => send(response, Buffer.from(bytes).fill(7, 0, 1));
const gone: Answer = (response) => void response.writeHead(404).end('no such file');
const to =
  (location: string): Answer =>
  (response) =>
    void response.writeHead(302, { location }).end();

describe('nothing stays when', () => {
  test.each([
    ['the checksum is wrong', other, /CARD\.md: has sha256 [0-9a-f]{64}, the registry says/],
    ['the transfer is cut off', half, /CARD\.md: the transfer was cut off/],
    ['the file is too short', shorter, /CARD\.md: ended after 2999999 of 3000000 bytes/],
    ['the server sends more than promised', longer, /CARD\.md: sends more than the 3000000 bytes/],
    ['the file is gone', gone, /CARD\.md: HTTP 404/],
    ['a redirect leads to plain http elsewhere', to('http://models.example/CARD.md'), /redirects to .* not followed/],
    ['a redirect leads to a file', to('file:///etc/hostname'), /redirects to file:.* not followed/],
    ['redirects go round', to('/CARD.md'), /more than 5 redirects/],
  ])('%s', async (_case, answer, message) => {
    const { url } = await publish({ 'CARD.md': answer });
    await expect(pull(`${url}/registry.json`)).rejects.toThrow(message);
    await nothing();
  });

  test.each<[string, (registry: RegistryText) => void, RegExp]>([
    [
      'the card is of another licence',
      ({ models: [m] }) => void (m!.licence = 'MIT'),
      /under Apache-2\.0, .* says MIT/,
    ],
    [
      'weights are missing',
      ({ models: [m] }) => void (m!.files = m!.files.filter(({ name }) => name !== 'doubling.onnx')),
      /doubling\.onnx cannot be read/,
    ],
    [
      'a registry from elsewhere names a file of this machine',
      ({ models: [m] }) => void (m!.files[0]!.url = 'file:///etc/hostname'),
      /a registry from elsewhere cannot name files/,
    ],
    [
      'a file is offered over plain http',
      ({ models: [m] }) => void (m!.files[0]!.url = 'http://models.example/x'),
      /plain http/,
    ],
  ])('%s', async (_case, change, message) => {
    const { url } = await publish({}, change);
    await expect(pull(`${url}/registry.json`)).rejects.toThrow(message);
    await nothing();
  });

  test('it is interrupted', async () => {
    const stop = new AbortController();
    const { url } = await publish({
      'doubling.onnx': () => stop.abort(new Error('interrupted')), // and never answers
    });
    await expect(pull(`${url}/registry.json`, { signal: stop.signal })).rejects.toThrow('interrupted');
    await nothing();
  });
});

test('a redirect on this machine is followed', async () => {
  const { url } = await publish({
    'CARD.md': to('/elsewhere'),
    elsewhere: (r) => send(r, model.files.get('CARD.md')!),
  });
  expect(await pull(`${url}/registry.json`)).toMatchObject({ fetched: true });
});

test.each<[string, unknown, RegExp]>([
  ['no JSON', '{', /is not JSON/],
  ['an unknown field', { models: [], extra: 1 }, /malformed.*extra/s],
  ['a path for a name', entryWith({ name: '../../up' }), /malformed.*name/s],
  ['no model.json', entryWith({ name: 'weights.onnx' }), /model\.json is missing/],
])('a registry with %s is refused', async (_case, content, message) => {
  const path = join(dir, 'wrong.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  await expect(pull(path)).rejects.toThrow(message);
});

function entryWith(file: Readonly<Record<string, unknown>>) {
  const whole = { name: 'model.json', url: 'x', sha256: '0'.repeat(64), sizeBytes: 1, ...file };
  return { models: [{ name: 'a', version: '1', licence: 'MIT', purpose: 'x', files: [whole] }] };
}

/** The command in a process of its own; `limits` is sh that comes before it. */
function pullByCommand(registry: string, limits = ''): ChildProcess & { said(): string } {
  const main = join(import.meta.dirname, '../src/main.ts');
  const script = `${limits} exec "${process.execPath}" "${main}" models pull doubling --registry "${registry}"`;
  const child = spawn('sh', ['-c', script], {
    env: { ...process.env, IRISVUE_HOME: dir, IRISVUE_MODELS_DIR: shelf },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (text += String(piece)));
  onTestFinished(() => void child.kill('SIGKILL'));
  return Object.assign(child, { said: () => text });
}

test('a pull that is killed in its middle leaves no model, and the next one clears up after it', async () => {
  let stalls = true;
  const { url } = await publish({
    'CARD.md': (response, bytes) => {
      if (!stalls) return send(response, bytes);
      response.setHeader('content-length', bytes.length);
      response.write(bytes.subarray(0, bytes.length / 2)); // and no more
    },
  });
  const child = pullByCommand(`${url}/registry.json`);
  const left = await until(async () =>
    (await readdir(join(shelf, 'doubling'))).find((name) => name.includes('.pull-')),
  );
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await readdir(join(shelf, 'doubling'))).toEqual([left]);
  expect(await reportModels(shelf)).toEqual([]);

  stalls = false;
  await pull(`${url}/registry.json`);
  expect(await readdir(join(shelf, 'doubling'))).toEqual(['4']);
});

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const probe = join(tmpdir(), `irisvue-mount-${process.pid}`);
  try {
    execFileSync('sh', ['-c', `mkdir ${probe} && mount -t tmpfs tmpfs ${probe} && umount ${probe}`], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  } finally {
    execFileSync('rm', ['-rf', probe]);
  }
}

// Needs root, to mount a file system that is really full.
test.skipIf(!canMount())('a disk that is full is told, and nothing stays on it', async () => {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', shelf]);
  try {
    const { url } = await publish();
    await expect(pull(`${url}/registry.json`)).rejects.toThrow(/no space is left in .*doubling/);
    await nothing();
  } finally {
    execFileSync('umount', [shelf]);
  }
});

test('a file that is larger than the process may write is told, and nothing stays', async () => {
  const { url } = await publish();
  // 1000 blocks of 512 bytes; the signal that comes with it would end the process before it can say anything.
  const child = pullByCommand(`${url}/registry.json`, "trap '' XFSZ; ulimit -f 1000;");
  const [code] = await once(child, 'close');
  expect(child.said()).toMatch(/larger than may be written in .*doubling/);
  expect(code).toBe(1);
  await nothing();
});
