import { createLogger, loadSettings, setting } from '@irisvue/runtime';
import { z } from 'zod';
import { originsSetting } from './allowed-origins.ts';
import { openStore } from './open-store.ts';

// Makes the bucket that IRISVUE_STORAGE_URL names where it is missing, says which pages may upload and download, and
// ends. For a deployment that does so before its services start; run again, it changes the pages.
const settings = {
  storageUrl: setting('IRISVUE_STORAGE_URL', z.string().startsWith('s3://'), { secret: true, doc: 'S3 bucket.' }),
  allowedOrigins: originsSetting,
};

const { storageUrl, allowedOrigins } = loadSettings(settings);
await using store = await openStore(storageUrl, { allowedOrigins });
await store.check();
createLogger({ service: 'bucket', level: 'info' }).info({ allowedOrigins }, 'the bucket is there');
