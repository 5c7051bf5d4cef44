import { execFile } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { listModels } from '@irisvue/vision';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeDoublingModel } from '../../vision/test/tiny-model.ts';
import { chooseModel } from '../src/models/choose-model.ts';
import { formatBytes } from '../src/models/format-bytes.ts';
import { reportModels } from '../src/models/shelf-report.ts';
import { verifyModels } from '../src/models/verify-models.ts';

let dir: string;
let own: string;
let given: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'irisvue-use-'));
  [own, given] = [join(dir, 'own'), join(dir, 'given')];
  for (const version of ['1', '2']) await writeDoublingModel(given, version);
});
afterEach(() => rm(dir, { recursive: true }));

/** The command; never rejects. */
async function irisvue(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const main = join(import.meta.dirname, '../src/main.ts');
  const env = { ...process.env, IRISVUE_HOME: dir, IRISVUE_MODELS_DIR: path() };
  return await promisify(execFile)(process.execPath, [main, 'models', ...args], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    ({ code, stdout, stderr }) => ({ code, out: stdout, err: stderr }),
  );
}

const path = () => `${own}${delimiter}${given}`;
const inUse = async () => (await reportModels(path())).filter((model) => model.inUse).map(({ version }) => version);

test('the newest version is used, until another one is chosen, and again when none is', async () => {
  expect(await inUse()).toEqual(['2']);
  expect(await chooseModel(path(), 'doubling', '1')).toBe('1');
  expect(await inUse()).toEqual(['1']);
  expect(JSON.parse(await readFile(join(own, 'in-use.json'), 'utf8'))).toEqual({ doubling: '1' });
  expect(await chooseModel(path(), 'doubling', undefined)).toBe('2');
  expect(await inUse()).toEqual(['2']);
});

test('a version that is not there, or cannot be loaded, is not chosen', async () => {
  await expect(chooseModel(path(), 'doubling', '7')).rejects.toThrow('there is no doubling 7 here; there is 2, 1');
  await writeFile(join(given, 'doubling', '1', 'doubling.onnx'), 'broken');
  await expect(chooseModel(path(), 'doubling', '1')).rejects.toThrow(/doubling\.onnx has sha256/);
  expect(await inUse()).toEqual(['2']);
});

test('verify tells which model has a byte that is not its own', async () => {
  const verified = async () => await Array.fromAsync(verifyModels(await listModels(path())));
  const [one, two] = ['1', '2'].map((version) => ({ name: 'doubling', version, networks: ['main'] }));
  expect(await verified()).toEqual([two, one]);
  await appendFile(join(given, 'doubling', '2', 'doubling.onnx'), 'x');
  const problem = expect.stringMatching(/doubling\.onnx has sha256/);
  expect(await verified()).toEqual([{ ...two, networks: [], problem }, one]);
});

test('the command chooses, and lists with --json', async () => {
  expect(await irisvue('use', 'doubling', '1')).toMatchObject({ code: 0, out: 'doubling 1 is in use now.\n' });
  const { models } = JSON.parse((await irisvue('list', '--json')).out);
  expect(models).toMatchObject([
    { name: 'doubling', version: '2', inUse: false, chosen: false },
    { name: 'doubling', version: '1', inUse: true, chosen: true, licence: 'Apache-2.0', from: 'pulled' },
  ]);
  expect(await irisvue('use', 'doubling')).toMatchObject({ code: 1, err: 'irisvue: name a version, or --newest\n' });
});

test('list is a table with size and licence, and names what cannot be read', async () => {
  await mkdir(join(given, 'doubling', '0'));
  const { out, err } = await irisvue('list');
  expect(out.split('\n')).toEqual([
    'MODEL     VERSION  FROM    IN USE  SIZE    LICENCE',
    'doubling  2        pulled  newest  0.1 KB  Apache-2.0',
    'doubling  1        pulled          0.1 KB  Apache-2.0',
    'doubling  0        pulled          ?       ?',
    '',
  ]);
  expect(err).toMatch(/doubling\/0: model\.json cannot be read/);
});

test('verify ends with 1 when something is wrong', async () => {
  await appendFile(join(given, 'doubling', '2', 'doubling.onnx'), 'x');
  const { code, out } = await irisvue('verify');
  expect(code).toBe(1);
  expect(out).toMatch(/✗ doubling 2: .*doubling\.onnx has sha256 .*\n {2}✓ doubling 1: main/);
  expect(await irisvue('verify', 'halving')).toMatchObject({ code: 1, err: 'irisvue: there is no halving here\n' });
});

test('pull of what the registry does not list tells what it lists', async () => {
  const registry = join(dir, 'registry.json');
  await writeFile(registry, '{ "models": [] }');
  expect((await irisvue('pull', 'halving@3', '--registry', registry)).err).toMatch(
    /has no halving@3; it lists no model/,
  );
});

test.each([
  [400, '0.4 KB'],
  [3_501_004, '3.5 MB'],
  [1_200_000_000, '1.2 GB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
