import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { builtInModelsDir, listModels, modelChoices, readModelCard, type ShelvedModel } from '@irisvue/vision';

/** What a person is told about a model on this machine. */
export interface ModelReport {
  readonly name: string;
  readonly version: string;
  readonly from: 'built in' | 'pulled';
  readonly folder: string;
  readonly inUse: boolean;
  /** Whether somebody chose this version; otherwise the newest one is in use. */
  readonly chosen: boolean;
  /** Of all weights. Not set when the model cannot be read. */
  readonly sizeBytes?: number;
  readonly licence?: string;
  /** Why it cannot be used, as far as its card tells. */
  readonly problem?: string;
}

/** Everything on the shelves, by name, the newest version first. */
export async function reportModels(modelsDir: string): Promise<readonly ModelReport[]> {
  const models = await listModels(modelsDir);
  const choices = await modelChoices(modelsDir);
  return await Promise.all(
    models.map(async (model) => {
      const choice = choices[model.name];
      const newest = models.find(({ name }) => name === model.name);
      return {
        ...{ name: model.name, version: model.version, folder: model.folder },
        from: model.shelf === builtInModelsDir ? ('built in' as const) : ('pulled' as const),
        inUse: choice === undefined ? newest === model : choice === model.version,
        chosen: choice === model.version,
        ...(await readFacts(model)),
      };
    }),
  );
}

async function readFacts(model: ShelvedModel): Promise<Pick<ModelReport, 'sizeBytes' | 'licence' | 'problem'>> {
  try {
    const card = await readModelCard(model);
    const files = new Set(Object.values(card.networks).map(({ file }) => file));
    const sizes = await Promise.all([...files].map(async (file) => (await stat(join(model.folder, file))).size));
    return { sizeBytes: sizes.reduce((sum, size) => sum + size, 0), licence: card.licence };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
