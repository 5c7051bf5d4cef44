import { createHash } from 'node:crypto';
import { z } from 'zod';

const sizeSchema = z.union([z.int().positive(), z.string().min(1)]);

const tensorSchema = z.strictObject({
  name: z.string().min(1),
  /** A number is a fixed size, a word a size that the network leaves open. */
  shape: z.array(sizeSchema).min(1),
});

/** A network of a model: one ONNX file with one input and one or several outputs, all float32. */
const networkCardSchema = z.strictObject({
  /** File of the weights, beside model.json. */
  file: z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*\.onnx$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  input: tensorSchema.extend({
    /** What the planes are, in order: BGR, RGB, or the names of others. */
    channels: z.string().min(1),
    /** Value of a black and of a white pixel. */
    range: z.tuple([z.number(), z.number()]),
  }),
  outputs: z
    .array(tensorSchema.extend({ meaning: z.string().min(1) }))
    .min(1)
    .refine((outputs) => new Set(outputs.map(({ name }) => name)).size === outputs.length, {
      error: 'two outputs have the same name',
    }),
  /** What the channels of the first output mean, in order. */
  classes: z.array(z.string().min(1)).optional(),
});

export const modelNameSchema = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/);
export const modelVersionSchema = z.string().regex(/^[0-9]+(\.[0-9]+)*$/);

/** model.json, the machine-readable half of a model's card. */
export const modelCardSchema = z.strictObject({
  name: modelNameSchema,
  version: modelVersionSchema,
  /** SPDX expression. */
  licence: z.string().min(1),
  /** By name; the only network of a model is "main". */
  networks: z
    .record(z.string().regex(/^[a-z0-9_-]+$/), networkCardSchema)
    .refine((networks) => Object.keys(networks).length > 0, { error: 'there is no network' }),
  /** Decision limits by name, in the output's unit. */
  thresholds: z.record(z.string(), z.number()).default({}),
  /** How the weights came about; more fields than these are allowed. */
  training: z
    .looseObject({
      commit: z.string(),
      seed: z.int().optional(),
      /** Settings file of each network. */
      settings: z.record(z.string(), z.string()).optional(),
      steps: z.int().optional(),
    })
    .optional(),
});

/** What a model is: its networks, with their files and hashes, what goes in, what comes out, under which licence. */
export type ModelCard = Readonly<z.infer<typeof modelCardSchema>>;

/** What one network of a model is. */
export type NetworkCard = ModelCard['networks'][string];

/**
 * One hash for all weights of a model: the SHA-256 of what `sha256sum` prints for its files in the order of their
 * names, so that `(cd FOLDER && sha256sum *.onnx | sha256sum)` tells the same.
 */
export function weightsSha256({ networks }: Pick<ModelCard, 'networks'>): string {
  const lines = new Set(Object.values(networks).map(({ file, sha256 }) => `${sha256}  ${file}\n`));
  const byFile = [...lines].sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1));
  return createHash('sha256').update(byFile.join('')).digest('hex');
}
