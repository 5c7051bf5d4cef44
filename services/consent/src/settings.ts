import { portSetting, type SettingValues, serverSettings, setting, urlSetting } from '@irisvue/runtime';
import { z } from 'zod';
import { SUBJECT_KIND_NAMES } from './consent-enums.ts';

/** Every knob of the consent service. */
export const consentSettings = {
  ...serverSettings,
  port: portSetting(8082),
  databaseUrl: setting('IRISVUE_DATABASE_URL', z.string().min(1), {
    default: 'postgres://postgres:postgres@127.0.0.1:8085/consent',
    secret: true,
    doc: 'PostgreSQL database of this service.',
  }),
  natsUrl: setting('IRISVUE_NATS_URL', z.string().min(1), {
    default: 'nats://127.0.0.1:8086',
    doc: 'NATS server with JetStream.',
  }),
  identityUrl: urlSetting('IRISVUE_IDENTITY_URL', { default: 'http://127.0.0.1:8081', doc: 'The identity service.' }),
  keySecret: setting('IRISVUE_KEY_SECRET', z.string().min(32), {
    secret: true,
    doc: 'Encrypts the signing keys in the database, at least 32 characters. All replicas share it.',
  }),
  subjectKinds: setting(
    'IRISVUE_SUBJECT_KINDS',
    z
      .string()
      .transform((text) => text.split(',').map((word) => word.trim()))
      .pipe(z.array(z.enum(SUBJECT_KIND_NAMES)).min(1)),
    {
      default: 'self',
      doc: 'Whose eyes are accepted, comma separated: self; synthetic (rendered, nobody); evaluation (test sets, development only).',
    },
  ),
};

export type ConsentSettings = SettingValues<typeof consentSettings>;
