import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { listSupportedBackends } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeModel, listModels, ModelError, modelInUse, networkOf, openModel } from '../src/index.ts';
import { output, writeDoublingModel, writeTwoNetworks } from './tiny-model.ts';

const cpu = { device: 'cpu', threads: 1 } as const;
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'irisvue-models-'));
});
afterAll(() => rm(root, { recursive: true }));

type Changes = Readonly<Record<string, unknown>>;

async function folderWith(card: Changes = {}, network: Changes = {}): Promise<string> {
  const folder = await mkdtemp(join(root, 'm-'));
  await writeDoublingModel(folder, '0', card, network);
  return folder;
}

test('a model is opened and run', async () => {
  await using model = await openModel(await folderWith(), 'doubling', cpu);
  const { run } = networkOf(model!, 'main');
  expect([...(await run(new Float32Array([1, 2, 3]), [1, 3, 1, 1])).y]).toEqual([2, 4, 6]);
  expect(describeModel(model!)).toMatchObject({ name: 'doubling', version: '0', executionProvider: 'cpu' });
  await expect(run(new Float32Array(2), [1, 2, 1, 1])).rejects.toThrow();
});

test('a model of several networks is opened whole, and each answers all its outputs by name', async () => {
  const folder = await mkdtemp(join(root, 'm-'));
  await writeTwoNetworks(folder, '3');
  await using model = await openModel(folder, 'pair', cpu);
  const [once, twice] = ['once', 'twice'].map((name) => networkOf(model!, name));
  const x = new Float32Array([1, 2, 3]);
  expect(await once.run(x, [1, 3, 1, 1])).toEqual({ y: new Float32Array([2, 4, 6]) });
  expect(await twice.run(x, [1, 3, 1, 1])).toEqual({
    y: new Float32Array([2, 4, 6]),
    z: new Float32Array([3, 6, 9]),
  });
  expect(() => networkOf(model!, 'main')).toThrow('pair 3: has no network "main", only twice,once');
});

test('the hash of a model is what sha256sum tells of its files', async () => {
  const folder = await mkdtemp(join(root, 'm-'));
  await writeTwoNetworks(folder, '3');
  await using model = await openModel(folder, 'pair', cpu);
  const command = 'sha256sum *.onnx | sha256sum';
  const printed = execFileSync('sh', ['-c', command], {
    cwd: join(folder, 'pair', '3'),
    env: { LC_ALL: 'C', ...process.env },
  });
  expect(describeModel(model!).sha256).toBe(String(printed).slice(0, 64));
});

test('the newest version is taken, by number, or the one that is asked for', async () => {
  const folder = await folderWith();
  for (const version of ['2', '10']) await writeDoublingModel(folder, version);
  await using newest = await openModel(folder, 'doubling', cpu);
  await using second = await openModel(folder, 'doubling', { ...cpu, version: '2' });
  expect([newest?.card.version, second?.card.version]).toEqual(['10', '2']);
});

describe('several shelves', () => {
  async function twoShelves(): Promise<{ own: string; path: string }> {
    const [own, given] = [await mkdtemp(join(root, 'own-')), await folderWith()];
    await writeDoublingModel(own, '2');
    await writeDoublingModel(given, '1.10');
    await writeDoublingModel(given, '1.9');
    return { own, path: `${own}${delimiter}${given}` };
  }
  const inUse = async (path: string) => (await modelInUse(path, 'doubling'))?.version;

  test('are one list, the newest version first', async () => {
    const { own, path } = await twoShelves();
    expect((await listModels(path)).map(({ version }) => version)).toEqual(['2', '1.10', '1.9', '0']);
    expect((await listModels(path))[0]).toMatchObject({ shelf: own, folder: join(own, 'doubling', '2') });
    expect(await inUse(path)).toBe('2');
  });

  test('a version that was chosen is the one that is opened, wherever it lies', async () => {
    const { own, path } = await twoShelves();
    await writeFile(join(own, 'in-use.json'), '{ "doubling": "1.9" }');
    await using model = await openModel(path, 'doubling', cpu);
    expect(model?.card.version).toBe('1.9');
  });

  test('a version that was chosen and is gone is an error, not another version', async () => {
    const { own, path } = await twoShelves();
    await writeFile(join(own, 'in-use.json'), '{ "doubling": "7" }');
    await expect(openModel(path, 'doubling', cpu)).rejects.toThrow(/doubling: version 7 was chosen.*is not in/);
    await expect(openModel(path, 'doubling', { ...cpu, version: '8' })).rejects.toThrow(/version 8 is not in/);
  });

  test.each(['{', '[]', '{ "doubling": 1 }', '{ "../up": "1" }'])('choices %s are refused', async (text) => {
    const { own, path } = await twoShelves();
    await writeFile(join(own, 'in-use.json'), text);
    await expect(inUse(path)).rejects.toThrow('in-use.json: is malformed');
  });

  test('what is not a version, such as a download that was cut off, is not seen', async () => {
    const { own, path } = await twoShelves();
    await mkdir(join(own, 'doubling', '.9.123.pull'));
    expect(await inUse(path)).toBe('2');
  });
});

test('no folder is no model, not an error', async () => {
  expect(await openModel(join(root, 'nowhere'), 'doubling', cpu)).toBeUndefined();
  await mkdir(join(root, 'empty', 'doubling'), { recursive: true });
  expect(await openModel(join(root, 'empty'), 'doubling', cpu)).toBeUndefined();
});

test.each([
  ['other weights', {}, { sha256: '0'.repeat(64) }, /sha256 [0-9a-f]{64}, model\.json says 0000/],
  [
    'another shape',
    {},
    { input: tensorOf('x', [1, 4, 'height', 'width']) },
    /input x of doubling\.onnx has shape \[1,3,height,width\], model\.json says \[1,4/,
  ],
  ['another name', {}, { input: tensorOf('picture', [1, 3, 'h', 'w']) }, /wants float32 input picture; .* has x/],
  ['an output too many', {}, { outputs: [output('y', 'y'), output('z', 'z')] }, /wants float32 outputs y, z; .* has y/],
  ['the same output twice', {}, { outputs: [output('y', 'y'), output('y', 'z')] }, /two outputs have the same name/],
  ['a file elsewhere', {}, { file: '../doubling.onnx' }, /model\.json is malformed: .*file/s],
  ['a missing licence', { licence: undefined }, {}, /model\.json is malformed: .*licence/s],
  ['no network', { networks: {} }, {}, /model\.json is malformed: .*there is no network/s],
  ['another model', { name: 'halving' }, {}, /model\.json is of halving 0/],
])('a card that says %s is an error that names it', async (_case, card, network, message) => {
  const opening = openModel(await folderWith(card, network), 'doubling', cpu);
  await expect(opening).rejects.toThrow(message);
  await expect(opening).rejects.toBeInstanceOf(ModelError);
});

test('weights that are not ONNX are an error that names the folder', async () => {
  const folder = await folderWith({}, { sha256: '2689367b205c16ce32ed4200942b8b8b1e262dfc70d9bc9fbc77c49699a4f1df' });
  await writeFile(join(folder, 'doubling', '0', 'doubling.onnx'), 'ok');
  await expect(openModel(folder, 'doubling', cpu)).rejects.toThrow(
    /doubling\/0: ONNX Runtime cannot load doubling\.onnx/,
  );
});

// With the CUDA provider installed the refusal cannot be seen; there the model runs, which needs a device.
test.skipIf(listSupportedBackends().some(({ name, bundled }) => name === 'cuda' && bundled))(
  'a CUDA device without its provider is an error, never a silent fallback',
  async () => {
    const opening = openModel(await folderWith(), 'doubling', { device: 'cuda:0', threads: 1 });
    await expect(opening).rejects.toThrow(/cuda:0.*CUDA provider/);
  },
);

function tensorOf(name: string, shape: (string | number)[]) {
  return { name, shape, channels: 'RGB', range: [0, 1] };
}
