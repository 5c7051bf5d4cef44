import './no-telemetry.ts'; // before onnxruntime-node

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { cudaIndex, type Device } from './device.ts';
import type { NetworkCard } from './model-card.ts';
import { ModelError } from './model-error.ts';
import { timeModel } from './model-time.ts';

/** One network of a loaded model. One input, one or several outputs, all float32. */
export interface Network {
  readonly card: NetworkCard;
  /**
   * Runs the network on `input` of shape `dims` and answers its outputs, flat, by the names of the card. It blocks the
   * event loop of its process until it is done and cannot be stopped; that is why it runs in a slot.
   * @throws when the shape does not fit.
   */
  run(input: Float32Array, dims: readonly number[]): Promise<Readonly<Record<string, Float32Array>>>;
}

/** What a network runs on. */
export interface NetworkShare {
  readonly device: Device;
  readonly threads: number;
}

/**
 * Loads the network of a card from a model's folder. Checks the SHA-256 of the weights and the names and shapes of
 * input and outputs against the card. @throws ModelError when anything differs, or when the device's execution provider
 * is absent: nothing falls back.
 */
export async function openNetwork(
  folder: string,
  card: NetworkCard,
  share: NetworkShare,
): Promise<Network & AsyncDisposable> {
  const weights = await readWeights(folder, card);
  const session = await createSession(weights, folder, card, share);
  checkTensors(folder, card, 'input', [card.input], session.inputMetadata);
  checkTensors(folder, card, 'output', card.outputs, session.outputMetadata);
  return {
    card,
    run: async (input, dims) => {
      const result = await timeModel(() => session.run({ [card.input.name]: new Tensor('float32', input, dims) }));
      return Object.fromEntries(card.outputs.map(({ name }) => [name, result[name].data as Float32Array]));
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}

async function readWeights(folder: string, card: NetworkCard): Promise<Uint8Array> {
  const weights = await readFile(join(folder, card.file)).catch((cause: unknown) => {
    throw new ModelError(folder, `${card.file} cannot be read`, { cause });
  });
  const sha256 = createHash('sha256').update(weights).digest('hex');
  if (sha256 !== card.sha256) {
    throw new ModelError(folder, `${card.file} has sha256 ${sha256}, model.json says ${card.sha256}`);
  }
  return weights;
}

async function createSession(
  weights: Uint8Array,
  folder: string,
  card: NetworkCard,
  { device, threads }: NetworkShare,
): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(weights, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      // A plan of all tensors, made ahead for each size of input, takes up to twice the memory and saves 0 to 4 % of a call.
      enableMemPattern: false,
      // 3 = errors. Warnings about the graph are of no use to whoever runs the service.
      logSeverityLevel: 3,
      ...(device === 'cpu'
        ? { executionProviders: ['cpu'] }
        : {
            executionProviders: [{ name: 'cuda', deviceId: cudaIndex(device) }],
            extra: { session: { disable_cpu_ep_fallback: '1' } },
          }),
    });
  } catch (cause) {
    const problem =
      device === 'cpu'
        ? `ONNX Runtime cannot load ${card.file}`
        : `ONNX Runtime cannot load ${card.file} on ${device}: is its CUDA provider installed (pnpm rebuild onnxruntime-node) and the device there?`;
    throw new ModelError(folder, problem, { cause });
  }
}

interface ExpectedTensor {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

function checkTensors(
  folder: string,
  { file }: NetworkCard,
  role: 'input' | 'output',
  expected: readonly ExpectedTensor[],
  actual: readonly InferenceSession.ValueMetadata[],
): void {
  const list = (tensors: readonly { readonly name: string }[]) => tensors.map(({ name }) => name).join(', ');
  for (const { name, shape } of expected) {
    const found = actual.find((one) => one.name === name);
    if (actual.length !== expected.length || !found?.isTensor || found.type !== 'float32') {
      const wanted = `float32 ${role}${expected.length > 1 ? 's' : ''} ${list(expected)}`;
      throw new ModelError(folder, `model.json wants ${wanted}; ${file} has ${list(actual)}`);
    }
    const same =
      found.shape.length === shape.length &&
      found.shape.every((size, i) => (typeof size === 'number' ? size === shape[i] : typeof shape[i] === 'string'));
    if (!same) {
      throw new ModelError(folder, `${role} ${name} of ${file} has shape [${found.shape}], model.json says [${shape}]`);
    }
  }
}
