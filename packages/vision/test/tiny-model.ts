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

/** The smallest ONNX model there is: y = x + x, of any height and width. Written by hand after onnx.proto (IR 8, opset 13). */
export function doublingModel(): Uint8Array {
  const add = message([1, 'x'], [1, 'x'], [2, 'y'], [4, 'Add']);
  const shape = [1, 3, 'height', 'width'];
  const graph = message([1, add], [2, 'doubling'], [11, tensor('x', shape)], [12, tensor('y', shape)]);
  return message([1, 8], [7, graph], [8, message([1, ''], [2, 13])]);
}

/** Puts that model into a models folder, its model.json changed by `card`. */
export async function writeDoublingModel(
  modelsDir: string,
  version: string,
  card: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const folder = join(modelsDir, 'doubling', version);
  await mkdir(folder, { recursive: true });
  const weights = doublingModel();
  const shape = [1, 3, 'height', 'width'];
  const json = {
    name: 'doubling',
    version,
    file: 'doubling.onnx',
    sha256: createHash('sha256').update(weights).digest('hex'),
    licence: 'Apache-2.0',
    input: { name: 'x', shape, channels: 'RGB', range: [0, 1] },
    output: { name: 'y', shape, meaning: 'twice the input' },
    ...card,
  };
  await writeFile(join(folder, 'doubling.onnx'), weights);
  await writeFile(join(folder, 'model.json'), JSON.stringify(json));
}
