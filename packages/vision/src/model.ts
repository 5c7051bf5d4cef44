import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Device, executionProvider } from './device.ts';
import { type ModelCard, modelCardSchema, weightsSha256 } from './model-card.ts';
import { ModelError } from './model-error.ts';
import { listModels, modelInUse, type ShelvedModel } from './model-shelf.ts';
import { type Network, type NetworkShare, openNetwork } from './network.ts';

/** A loaded model, pinned to a device. */
export interface Model extends AsyncDisposable {
  readonly card: ModelCard;
  readonly device: Device;
  /** By the names of the card; the only network of a model is "main". */
  readonly networks: Readonly<Record<string, Network>>;
}

/**
 * Opens a model with all its networks: the version that is in use on the shelves of `modelsDir` (one folder, or several
 * as in PATH; see modelInUse), or the given one. Undefined when there is none. Checks the SHA-256 of all weights and the
 * names and shapes of all inputs and outputs against the card.
 * @throws ModelError when anything differs, when the version that was chosen or asked for is not there, or when the
 * device's execution provider is absent: nothing falls back.
 */
export async function openModel(
  modelsDir: string,
  name: string,
  o: NetworkShare & { readonly version?: string },
): Promise<Model | undefined> {
  const { version } = o;
  if (version === undefined) {
    const inUse = await modelInUse(modelsDir, name);
    return inUse && openModelFolder(inUse, o);
  }
  const shelved = (await listModels(modelsDir)).find((one) => one.name === name && one.version === version);
  if (!shelved) throw new ModelError(name, `version ${version} is not in ${modelsDir}`);
  return openModelFolder(shelved, o);
}

/** Opens the model that lies in a folder. @throws ModelError as openModel does. */
export async function openModelFolder(
  at: Pick<ShelvedModel, 'folder' | 'name' | 'version'>,
  share: NetworkShare,
): Promise<Model> {
  const card = await readModelCard(at);
  await using opened = new AsyncDisposableStack();
  const networks: Record<string, Network> = {};
  for (const [key, network] of Object.entries(card.networks)) {
    networks[key] = opened.use(await openNetwork(at.folder, network, share));
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

/** The card of the model that lies in a folder. @throws ModelError when it is missing, malformed or of another model. */
export async function readModelCard({
  folder,
  name,
  version,
}: Pick<ShelvedModel, 'folder' | 'name' | 'version'>): Promise<ModelCard> {
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
