import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { z } from 'zod';
import { cudaIndex, type Device, executionProvider } from './device.ts';
import { type ModelCard, modelCardSchema } from './model-card.ts';

/** A loaded model, pinned to a device. One input and one output, both float32. */
export interface Model extends AsyncDisposable {
  readonly card: ModelCard;
  readonly device: Device;
  /**
   * Runs the model on `input` of shape `dims`. It blocks the event loop of its process until it is done and cannot be
   * stopped; that is why it runs in a slot. @throws when the shape does not fit.
   */
  run(input: Float32Array, dims: readonly number[]): Promise<Float32Array>;
}

/** A model is there but cannot be used. */
export class ModelError extends Error {
  constructor(where: string, problem: string, options?: ErrorOptions) {
    super(`model ${where}: ${problem}`, options);
    this.name = 'ModelError';
  }
}

/**
 * Opens the newest version of a model, `<modelsDir>/<name>/<version>/model.json`, or the given one. Undefined when
 * there is none. Checks SHA-256 of the weights and the names and shapes of input and output against the card.
 * @throws ModelError when anything differs, or when the device's execution provider is absent: nothing falls back.
 */
export async function openModel(
  modelsDir: string,
  name: string,
  o: { readonly device: Device; readonly threads: number; readonly version?: string },
): Promise<Model | undefined> {
  const version = o.version ?? (await newestVersion(join(modelsDir, name)));
  if (version === undefined) return undefined;
  const folder = join(modelsDir, name, version);
  const card = await readCard(folder, name, version);
  const weights = await readWeights(folder, card);
  const session = await createSession(weights, folder, o);
  checkTensor(folder, 'input', card.input, session.inputMetadata);
  checkTensor(folder, 'output', card.output, session.outputMetadata);
  return {
    card,
    device: o.device,
    run: async (input, dims) => {
      const result = await session.run({ [card.input.name]: new Tensor('float32', input, dims) });
      return result[card.output.name].data as Float32Array;
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}

async function newestVersion(folder: string): Promise<string | undefined> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((name) => /^[0-9]+(\.[0-9]+)*$/.test(name))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
}

async function readCard(folder: string, name: string, version: string): Promise<ModelCard> {
  const text = await readFile(join(folder, 'model.json'), 'utf8').catch((cause: unknown) => {
    throw new ModelError(folder, 'model.json cannot be read', { cause });
  });
  const card = modelCardSchema.safeParse(parseJson(folder, text));
  if (!card.success) throw new ModelError(folder, `model.json is malformed: ${z.prettifyError(card.error)}`);
  if (card.data.name !== name || card.data.version !== version) {
    throw new ModelError(folder, `model.json is of ${card.data.name} ${card.data.version}`);
  }
  return card.data;
}

function parseJson(folder: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ModelError(folder, 'model.json is not JSON', { cause });
  }
}

async function readWeights(folder: string, card: ModelCard): Promise<Uint8Array> {
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
  { device, threads }: { readonly device: Device; readonly threads: number },
): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(weights, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
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
        ? 'ONNX Runtime cannot load it'
        : `ONNX Runtime cannot load it on ${device}: is its CUDA provider installed (pnpm rebuild onnxruntime-node) and the device there?`;
    throw new ModelError(folder, problem, { cause });
  }
}

function checkTensor(
  folder: string,
  role: 'input' | 'output',
  expected: { readonly name: string; readonly shape: readonly (number | string)[] },
  actual: readonly InferenceSession.ValueMetadata[],
): void {
  const found = actual.find(({ name }) => name === expected.name);
  if (actual.length !== 1 || !found?.isTensor || found.type !== 'float32') {
    const names = actual.map(({ name }) => name).join(', ');
    throw new ModelError(folder, `wants one float32 ${role} "${expected.name}", the weights have: ${names}`);
  }
  const same =
    found.shape.length === expected.shape.length &&
    found.shape.every((size, i) =>
      typeof size === 'number' ? size === expected.shape[i] : typeof expected.shape[i] === 'string',
    );
  if (!same) {
    throw new ModelError(folder, `${role} has shape [${found.shape}], model.json says [${expected.shape}]`);
  }
}

/** What a capability list says about a model. */
export function describeModel({ card, device }: Model): {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly executionProvider: string;
} {
  return { name: card.name, version: card.version, sha256: card.sha256, executionProvider: executionProvider(device) };
}
