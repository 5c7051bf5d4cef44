import { openModelFolder, type ShelvedModel } from '@irisvue/vision';

/** Whether a model can be used. */
export interface VerifiedModel {
  readonly name: string;
  readonly version: string;
  /** Its networks, all loaded; none when there is a problem. */
  readonly networks: readonly string[];
  readonly problem?: string;
}

/** Checks the SHA-256 of every file and loads every network once, model by model. */
export async function* verifyModels(models: readonly ShelvedModel[]): AsyncGenerator<VerifiedModel> {
  for (const shelved of models) {
    const { name, version } = shelved;
    try {
      await using model = await openModelFolder(shelved, { device: 'cpu', threads: 1 });
      yield { name, version, networks: Object.keys(model.networks) };
    } catch (error) {
      yield { name, version, networks: [], problem: (error as Error).message };
    }
  }
}
