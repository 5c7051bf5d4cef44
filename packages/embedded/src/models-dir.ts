import { delimiter, join, resolve } from 'node:path';

const builtIn = resolve(import.meta.dirname, '../../../models');

/** Folder of a home that pulled models, and the choices of versions, lie in. */
export function pulledModelsDir(home: string): string {
  return join(home, 'models');
}

/** Where the services of a mesh look for models, as IRISVUE_MODELS_DIR says it: pulled ones, then the project's own. */
export function meshModelsDir(home: string): string {
  return [pulledModelsDir(home), builtIn].join(delimiter);
}
