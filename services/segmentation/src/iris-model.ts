import { type Image, type Model, ModelError, openModel, type SlotShare } from '@irisvue/vision';
import { openEyeNetwork } from './eye-network.ts';
import type { IrisFinding } from './found-iris.ts';
import { findIris } from './steps/find-iris.ts';

const name = 'iris-segmentation';

/** The model that tells where iris, pupil and lids are. */
export interface IrisModel extends AsyncDisposable {
  readonly model: Model;
  /** Looks for the iris of an eye in a photo. */
  find(photo: Image): Promise<IrisFinding>;
}

/**
 * Opens the model, or tells that there is none. It has a network `search` for whole photos and one `outline` for the
 * surroundings of an iris. @throws ModelError when its card promises something else.
 */
export async function openIrisModel(modelsDir: string, share: SlotShare): Promise<IrisModel | undefined> {
  const model = await openModel(modelsDir, name, share);
  if (!model) return undefined;
  return { model, find: finderOf(model), [Symbol.asyncDispose]: () => model[Symbol.asyncDispose]() };
}

function finderOf(model: Model): IrisModel['find'] {
  const search = openEyeNetwork(model, 'search');
  const outline = openEyeNetwork(model, 'outline');
  const thresholds = { irisOrPupil: threshold(model, 'iris_or_pupil'), eye: threshold(model, 'eye') };
  return (photo) => findIris(photo, { search, outline, thresholds });
}

function threshold({ card }: Model, key: string): number {
  const value = card.thresholds[key];
  if (value === undefined) throw new ModelError(`${card.name} ${card.version}`, `has no threshold ${key}`);
  return value;
}
