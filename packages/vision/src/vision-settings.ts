import { setting, urlSetting } from '@irisvue/runtime';
import { z } from 'zod';
import { type Device, isDevice } from './device.ts';
import { builtInModelsDir } from './model-shelf.ts';

/** What every vision service knows beside the server's settings. Spread it into a service's own. */
export const visionSettings = {
  storageUrl: setting('IRISVUE_STORAGE_URL', z.string().min(1), {
    secret: true,
    doc: 'Object store: file:///dir?endpoint=…&secret=… or s3://KEY:SECRET@host:port/bucket.',
  }),
  identityUrl: urlSetting('IRISVUE_IDENTITY_URL', { default: 'http://127.0.0.1:8081', doc: 'The identity service.' }),
  consentUrl: urlSetting('IRISVUE_CONSENT_URL', { default: 'http://127.0.0.1:8082', doc: 'The consent service.' }),
  device: setting<Device>('IRISVUE_DEVICE', z.string().refine(isDevice, { error: 'must be "cpu" or "cuda:N"' }), {
    default: 'cpu',
    doc: 'Device that all slots of this process are pinned to: cpu, or cuda:N for the N-th CUDA device.',
  }),
  slots: setting('IRISVUE_SLOTS', z.coerce.number().int().min(1).max(64), {
    default: '1',
    doc: 'Slots: steps that run at the same time, each in its own process, 1 to 64.',
  }),
  threads: setting('IRISVUE_THREADS', z.coerce.number().int().min(1).max(1024), {
    default: '2',
    doc: 'Thread budget of the service, split evenly between its slots, 1 to 1024; each slot gets at least one.',
  }),
  modelsDir: setting('IRISVUE_MODELS_DIR', z.string().default(builtInModelsDir), {
    doc: 'Folders of the models, separated as in PATH, each laid out as NAME/VERSION/model.json. Not set: those of the project.',
  }),
};

/** One slot's share of the thread budget, for ONNX and libvips together. */
export function threadsPerSlot(threads: number, slots: number): number {
  return Math.max(1, Math.floor(threads / slots));
}
