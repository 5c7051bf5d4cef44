import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { choicesFileName, listModels, openModelFolder, readChoices, shelvesOf } from '@irisvue/vision';

/**
 * Chooses the version of a model that is used from now on, in the in-use.json of the first shelf; undefined: the newest
 * one, whichever that is. @returns that version. @throws Error when there is no such model or it cannot be loaded.
 */
export async function chooseModel(modelsDir: string, name: string, version: string | undefined): Promise<string> {
  const versions = (await listModels(modelsDir)).filter((model) => model.name === name);
  const model = versions.find((one) => version === undefined || one.version === version);
  if (!model) {
    const list = versions.map((one) => one.version).join(', ');
    throw new Error(`there is no ${name}${version ? ` ${version}` : ''} here${list && `; there is ${list}`}`);
  }
  {
    await using _loads = await openModelFolder(model, { device: 'cpu', threads: 1 });
  }
  const [shelf] = shelvesOf(modelsDir);
  const { [name]: _before, ...others } = await readChoices(shelf!);
  await writeChoices(shelf!, version === undefined ? others : { ...others, [name]: version });
  return model.version;
}

/** Whoever reads it sees the old or the new choices, whole. */
async function writeChoices(shelf: string, choices: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(shelf, { recursive: true });
  const path = join(shelf, choicesFileName);
  const fresh = `${path}.${process.pid}.new`;
  {
    await using file = await open(fresh, 'w');
    await file.writeFile(`${JSON.stringify(choices, null, 2)}\n`);
    await file.sync();
  }
  await rename(fresh, path);
}
