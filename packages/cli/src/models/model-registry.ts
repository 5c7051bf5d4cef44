import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { compareVersions, modelNameSchema, modelVersionSchema } from '@irisvue/vision';
import { z } from 'zod';
import { fetchFrom } from './fetch-from.ts';
import type { UrlRules } from './url-rules.ts';

/** The longest registry that is read, in bytes. */
const longestRegistry = 1024 * 1024;
/** The largest file of a model, in bytes: 2 GiB, what an ONNX file can hold. */
const largestFile = 2 ** 31;

const fileSchema = z.strictObject({
  /** Its name in the model's folder. */
  name: z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/),
  /** https, or relative to the registry. */
  url: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.int().positive().max(largestFile),
});

const entrySchema = z.strictObject({
  name: modelNameSchema,
  version: modelVersionSchema,
  /** SPDX expression. */
  licence: z.string().min(1),
  /** What it is for, one sentence. */
  purpose: z.string().min(1),
  /** All files of the model's folder: model.json, the weights, CARD.md. */
  files: z
    .array(fileSchema)
    .refine((files) => files.some(({ name }) => name === 'model.json'), { error: 'model.json is missing' })
    .refine((files) => new Set(files.map(({ name }) => name)).size === files.length, {
      error: 'two files have the same name',
    }),
});

/** registry.json: the models that can be pulled. models/README.md describes it. */
export const registrySchema = z.strictObject({ models: z.array(entrySchema) });

export type RegistryFile = z.infer<typeof fileSchema>;
export type RegistryEntry = Readonly<z.infer<typeof entrySchema>>;

/** A registry, and where it was found: the addresses in it are relative to that. */
export interface ModelRegistry {
  readonly url: URL;
  readonly models: readonly RegistryEntry[];
}

/** Reads a registry from a file or a URL. @throws Error when it cannot be had or is malformed. */
export async function readRegistry(place: string, rules: UrlRules, signal?: AbortSignal): Promise<ModelRegistry> {
  const url = /^[a-z]+:\/\//i.test(place) ? new URL(place) : pathToFileURL(resolve(place));
  const text = url.protocol === 'file:' ? await readLocal(url) : await readRemote(url, rules, signal);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Error(`the registry ${place} is not JSON`, { cause });
  }
  const parsed = registrySchema.safeParse(json);
  if (!parsed.success) throw new Error(`the registry ${place} is malformed: ${z.prettifyError(parsed.error)}`);
  return { url, models: parsed.data.models };
}

async function readLocal(url: URL): Promise<string> {
  return await readFile(url, 'utf8').catch((cause: Error) => {
    throw new Error(`the registry ${fileURLToPath(url)} cannot be read: ${cause.message}`, { cause });
  });
}

async function readRemote(url: URL, rules: UrlRules, signal?: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of fetchFrom(url, rules, signal)) {
    size += chunk.length;
    if (size > longestRegistry) throw new Error(`${url} is longer than a registry may be (${longestRegistry} bytes)`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The entry of a model, the newest version unless one is named. @throws Error that tells what there is instead. */
export function findEntry(registry: ModelRegistry, name: string, version?: string): RegistryEntry {
  const versions = registry.models
    .filter((entry) => entry.name === name)
    .sort((a, b) => compareVersions(b.version, a.version));
  const found = versions.find((entry) => version === undefined || entry.version === version);
  if (found) return found;
  const others = versions.length > 0 ? versions : registry.models;
  const list = others.map((entry) => `${entry.name}@${entry.version}`).join(', ') || 'no model';
  const wanted = version === undefined ? name : `${name}@${version}`;
  throw new Error(`the registry ${registry.url} has no ${wanted}; it lists ${list}`);
}

export function sizeOf({ files }: Pick<RegistryEntry, 'files'>): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
