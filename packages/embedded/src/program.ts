import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

// Where packages put servers although a person's PATH may not name it.
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

/** Whether a server program is installed. */
export function isInstalled(name: string, path: string): boolean {
  try {
    findProgram(name, path);
    return true;
  } catch {
    return false;
  }
}

/** Absolute path of an installed server program. Throws an Error that says how to get it. */
export function findProgram(name: string, path: string): string {
  for (const folder of [...path.split(delimiter), ...SERVER_FOLDERS].filter((f) => f !== '')) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // not in this folder
    }
  }
  throw new Error(`${name} is not installed; ./irisvue setup installs it`);
}
