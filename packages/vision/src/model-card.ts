import { z } from 'zod';

const sizeSchema = z.union([z.int().positive(), z.string().min(1)]);

const tensorSchema = z.object({
  name: z.string().min(1),
  /** A number is a fixed size, a word a size that the model leaves open. */
  shape: z.array(sizeSchema).min(1),
});

/** model.json, the machine-readable half of a model's card. */
export const modelCardSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  version: z.string().regex(/^[0-9]+(\.[0-9]+)*$/),
  /** File of the weights, beside model.json. */
  file: z.string().regex(/^[A-Za-z0-9._-]+\.onnx$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** SPDX identifier. */
  licence: z.string().min(1),
  input: tensorSchema.extend({
    channels: z.enum(['BGR', 'RGB']),
    /** Value of a black and of a white pixel. */
    range: z.tuple([z.number(), z.number()]),
  }),
  output: tensorSchema.extend({ meaning: z.string().min(1) }),
  /** What the output's channels mean, in order. */
  classes: z.array(z.string().min(1)).optional(),
  /** Decision limits by name, in the output's unit. */
  thresholds: z.record(z.string(), z.number()).default({}),
  training: z.object({ commit: z.string(), seed: z.int().optional() }).optional(),
});

/** What a model is: its file and hash, what goes in, what comes out, under which licence. */
export type ModelCard = Readonly<z.infer<typeof modelCardSchema>>;
