import { portSetting, type SettingValues, serverSettings, setting } from '@irisvue/runtime';
import { z } from 'zod';

/** Every knob of the identity service. */
export const identitySettings = {
  ...serverSettings,
  port: portSetting(8081),
  databaseUrl: setting('IRISVUE_DATABASE_URL', z.string().min(1), {
    default: 'postgres://postgres:postgres@127.0.0.1:8085/identity',
    secret: true,
    doc: 'PostgreSQL database of this service.',
  }),
  masterSecret: setting('IRISVUE_MASTER_SECRET', z.string().min(32), {
    secret: true,
    doc: "Every service's secret is derived from it, at least 32 characters. Only identity knows it.",
  }),
  keySecret: setting('IRISVUE_KEY_SECRET', z.string().min(32), {
    secret: true,
    doc: 'Encrypts the signing keys in the database, at least 32 characters. All replicas share it.',
  }),
};

export type IdentitySettings = SettingValues<typeof identitySettings>;
