import { loadSettings, portSetting, serverSettings, setting } from '@irisvue/runtime';
import { z } from 'zod';
import { originsSetting } from './allowed-origins.ts';
import { parseStoreUrl } from './open-store.ts';

const OBJECTS_PORT = 8084;

/** Settings of the objects server. */
export const objectsServerSettings = {
  ...serverSettings,
  port: portSetting(OBJECTS_PORT),
  storageUrl: setting('IRISVUE_STORAGE_URL', z.string().transform(diskOptions), {
    secret: true,
    doc: 'The store, as file:///absolute/folder?endpoint=http://127.0.0.1:8084&secret=… (16 characters or more).',
  }),
  allowedOrigins: originsSetting,
};

export const loadObjectsServerConfig = () => loadSettings(objectsServerSettings);

function diskOptions(url: string, context: z.RefinementCtx) {
  try {
    const store = parseStoreUrl(url);
    if (store.kind === 'disk' && store.disk.secret !== undefined) return store.disk;
    context.addIssue('must be a file:// URL with a secret');
  } catch (error) {
    context.addIssue((error as Error).message);
  }
  return z.NEVER;
}
