import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Of, writeDoublingModel } from '../../vision/test/tiny-model.ts';

/** Bytes of the card: more than a socket's buffers hold, so that a transfer can be stopped in its middle. */
const cardBytes = 3_000_000;

/** A model as somebody publishes it: its files by name, and a registry that lists it. */
export interface PublishedModel {
  readonly files: ReadonlyMap<string, Buffer>;
  /** `address` tells where a file lies. */
  registry(address: (name: string) => string): RegistryText;
}

export interface RegistryText {
  models: { licence: string; files: { name: string; url: string; sha256: string; sizeBytes: number }[] }[];
}

/** Publishes the model "doubling" with a long CARD.md, which is not text to anybody. */
export async function publishModel(folder: string, version = '4'): Promise<PublishedModel> {
  const shelf = await mkdtemp(join(folder, 'published-'));
  await writeDoublingModel(shelf, version);
  const place = join(shelf, 'doubling', version);
  await writeFile(join(place, 'CARD.md'), randomBytes(cardBytes));
  const names = (await readdir(place)).sort();
  const files = new Map(await Promise.all(names.map(async (n) => [n, await readFile(join(place, n))] as const)));
  return {
    files,
    registry: (address) => ({
      models: [
        {
          ...{ name: 'doubling', version, licence: 'Apache-2.0', purpose: 'Doubles.' },
          files: [...files].map(([name, bytes]) => ({
            ...{ name, url: address(name) },
            ...{ sha256: sha256Of(bytes), sizeBytes: bytes.length },
          })),
        },
      ],
    }),
  };
}
