import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Device, executionProvider } from './device.ts';
import { type ModelCard, modelCardSchema, weightsSha256 } from './model-card.ts';
import { ModelError } from './model-error.ts';
import { type Network, type NetworkShare, openNetwork } from './network.ts';

/** A loaded model, pinned to a device. */
export interface Model extends AsyncDisposable {
  readonly card: ModelCard;
  readonly device: Device;
  /** By the names of the card; the only network of a model is "main". */
  readonly networks: Readonly<Record<string, Network>>;
}

/**
 * Opens the newest version of a model, `<modelsDir>/<name>/<version>/model.json`, or the given one, with all its
 * networks. Undefined when there is none. Checks the SHA-256 of all weights and the names and shapes of all inputs and
 * outputs against the card.
 * @throws ModelError when anything differs, or when the device's execution provider is absent: nothing falls back.
 */
export async function openModel(
  modelsDir: string,
  name: string,
  o: NetworkShare & { readonly version?: string },
): Promise<Model | undefined> {
  const version = o.version ?? (await newestVersion(join(modelsDir, name)));
  if (version === undefined) return undefined;
  return openModelFolder(join(modelsDir, name, version), name, version, o);
}

/** Opens the model in `folder`, which must be `name` `version`. @throws ModelError as openModel does. */
async function openModelFolder(folder: string, name: string, version: string, share: NetworkShare): Promise<Model> {
  const card = await readModelCard(folder, name, version);
  await using opened = new AsyncDisposableStack();
  const networks: Record<string, Network> = {};
  for (const [key, network] of Object.entries(card.networks)) {
    networks[key] = opened.use(await openNetwork(folder, network, share));
  }
  const held = opened.move();
  return { card, device: share.device, networks, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/**
 * The network of that name. @throws ModelError when the model has none, so that a model of another kind is told apart
 * from a broken one.
 */
export function networkOf({ card, networks }: Model, name: string): Network {
  const network = networks[name];
  if (network) return network;
  throw new ModelError(`${card.name} ${card.version}`, `has no network "${name}", only ${Object.keys(networks)}`);
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

async function readModelCard(folder: string, name: string, version: string): Promise<ModelCard> {
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

/** What a capability list says about a model. `sha256` is of all its weights: see weightsSha256. */
export function describeModel({ card, device }: Model): {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly executionProvider: string;
} {
  return {
    name: card.name,
    version: card.version,
    sha256: weightsSha256(card),
    executionProvider: executionProvider(device),
  };
}
