import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** Writes one field of a message: bytes and strings by length, numbers as varint. */
function field(writer: BinaryWriter, number: number, value: string | number | Uint8Array): BinaryWriter {
  if (typeof value === 'number') return writer.tag(number, WireType.Varint).int64(value);
  if (typeof value === 'string') return writer.tag(number, WireType.LengthDelimited).string(value);
  return writer.tag(number, WireType.LengthDelimited).bytes(value);
}

function message(...fields: (readonly [number, string | number | Uint8Array])[]): Uint8Array {
  return fields.reduce((writer, [number, value]) => field(writer, number, value), new BinaryWriter()).finish();
}

const FLOAT = 1;

/** onnx.ValueInfoProto of a float32 tensor. */
function tensor(name: string, shape: readonly (number | string)[]): Uint8Array {
  const sizes = shape.map((size) => [1, message([typeof size === 'number' ? 1 : 2, size])] as const);
  const type = message([1, message([1, FLOAT], [2, message(...sizes)])]);
  return message([1, name], [2, type]);
}

const shape = [1, 3, 'height', 'width'];

/** A sum of two tensors. onnx.NodeProto */
const add = (left: string, right: string, sum: string): Uint8Array =>
  message([1, left], [1, right], [2, sum], [4, 'Add']);

/** An ONNX model with input x. Written by hand after onnx.proto (IR 8, opset 13). */
function model(nodes: readonly Uint8Array[], outputs: readonly string[]): Uint8Array {
  const graph = message(
    ...nodes.map((node) => [1, node] as const),
    [2, 'tiny'],
    [11, tensor('x', shape)],
    ...outputs.map((name) => [12, tensor(name, shape)] as const),
  );
  return message([1, 8], [7, graph], [8, message([1, ''], [2, 13])]);
}

/** The smallest ONNX model there is: y = x + x, of any height and width. */
export const doublingModel = (): Uint8Array => model([add('x', 'x', 'y')], ['y']);

/** Two outputs: y = x + x and z = y + x. */
export const triplingModel = (): Uint8Array => model([add('x', 'x', 'y'), add('y', 'x', 'z')], ['y', 'z']);

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const input = { name: 'x', shape, channels: 'RGB', range: [0, 1] };
export const output = (name: string, meaning: string) => ({ name, shape, meaning });

/** Puts that model into a models folder, its model.json changed by `card` and its only network's part by `network`. */
export async function writeDoublingModel(
  modelsDir: string,
  version: string,
  card: Readonly<Record<string, unknown>> = {},
  network: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const folder = join(modelsDir, 'doubling', version);
  await mkdir(folder, { recursive: true });
  const weights = doublingModel();
  const json = {
    name: 'doubling',
    version,
    licence: 'Apache-2.0',
    networks: {
      main: {
        file: 'doubling.onnx',
        sha256: sha256Of(weights),
        input,
        outputs: [output('y', 'twice the input')],
        ...network,
      },
    },
    ...card,
  };
  await writeFile(join(folder, 'doubling.onnx'), weights);
  await writeFile(join(folder, 'model.json'), JSON.stringify(json));
}

/** A model of two networks, "once" with one output and "twice" with two. */
export async function writeTwoNetworks(modelsDir: string, version: string): Promise<void> {
  const folder = join(modelsDir, 'pair', version);
  await mkdir(folder, { recursive: true });
  const [once, twice] = [doublingModel(), triplingModel()];
  const json = {
    name: 'pair',
    version,
    licence: 'Apache-2.0',
    networks: {
      twice: {
        file: 'twice.onnx',
        sha256: sha256Of(twice),
        input,
        outputs: [output('z', 'three times the input'), output('y', 'twice the input')],
      },
      once: { file: 'once.onnx', sha256: sha256Of(once), input, outputs: [output('y', 'twice the input')] },
    },
    training: { commit: 'abc', seed: 1, settings: { once: 'settings/once.toml' }, steps: 3, stepsOf: { once: 3 } },
  };
  await writeFile(join(folder, 'once.onnx'), once);
  await writeFile(join(folder, 'twice.onnx'), twice);
  await writeFile(join(folder, 'model.json'), JSON.stringify(json));
}
