import {
  portSetting,
  replicaUrlsSetting,
  type SettingValues,
  serverSettings,
  setting,
  urlSetting,
} from '@irisvue/runtime';
import { z } from 'zod';
import { SUBJECT_KIND_NAMES } from './consent-enums.ts';
import { parseRecipientHooks } from './privacy/recipient-hooks.ts';
import { parseRecipients } from './recipients.ts';

const stated = z.string().min(1).max(300).optional();

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
  jobsUrl: replicaUrlsSetting('IRISVUE_JOBS_URL', { default: 'http://127.0.0.1:8083', doc: 'The jobs service.' }),
  redisUrl: setting('IRISVUE_REDIS_URL', z.url({ protocol: /^rediss?$/ }), {
    default: 'redis://127.0.0.1:8087',
    doc: "The gateway's Redis, which is cleared of whoever is erased.",
  }),
  storageUrl: setting('IRISVUE_STORAGE_URL', z.string().min(1), {
    secret: true,
    doc: 'Object store: file:///dir?endpoint=…&secret=… or s3://KEY:SECRET@host:port/bucket.',
  }),
  publicUrl: urlSetting('IRISVUE_PUBLIC_URL', {
    default: 'http://127.0.0.1:8080',
    doc: 'The gateway as clients see it; download links start with it.',
  }),
  webUrl: urlSetting('IRISVUE_WEB_URL', {
    default: 'http://127.0.0.1:8080',
    doc: 'Pages that the links of mails and invitations open: URL/account/verify#TOKEN and the like.',
  }),
  exportDays: setting('IRISVUE_EXPORT_DAYS', z.coerce.number().int().min(1).max(90), {
    default: '7',
    doc: 'Days that the archive of an export is kept for download.',
  }),
  serviceSecret: setting('IRISVUE_SERVICE_SECRET', z.string().min(16), {
    secret: true,
    doc: 'Secret of this service: HMAC-SHA256 of its name under the master secret, hexadecimal.',
  }),
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
      default: 'self,minor',
      doc: 'Whose eyes are accepted, comma separated: self; minor (by a representative); synthetic (rendered, nobody); evaluation (test sets, development only).',
    },
  ),
  operatorName: setting('IRISVUE_OPERATOR_NAME', stated, {
    doc: 'Who is responsible, as notices and receipts name it. Production needs it.',
  }),
  operatorAddress: setting('IRISVUE_OPERATOR_ADDRESS', stated, {
    doc: 'Postal address of the operator, in one line. Production needs it.',
  }),
  operatorContact: setting('IRISVUE_OPERATOR_CONTACT', stated, {
    doc: 'Where people turn with requests about their data: an e-mail address or a page. Production needs it.',
  }),
  storageLocations: setting(
    'IRISVUE_STORAGE_LOCATIONS',
    z
      .string()
      .transform((text) => text.split(';').map((place) => place.trim()))
      .pipe(z.array(z.string().min(1)))
      .optional(),
    { doc: 'Where irises are stored, separated by semicolons: Frankfurt, Germany; … Production needs it.' },
  ),
  recipients: setting(
    'IRISVUE_RECIPIENTS',
    z.string().transform((text, context) => {
      try {
        return parseRecipients(text);
      } catch (error) {
        context.addIssue(error instanceof Error ? error.message : 'malformed');
        return z.NEVER;
      }
    }),
    {
      default: '',
      doc: 'Whom irises may be disclosed to when the person names them in a consent: whatsapp=Name, address; … Empty: nobody.',
    },
  ),
  recipientHooks: setting(
    'IRISVUE_RECIPIENT_HOOKS',
    z.string().transform((text, context) => {
      try {
        return parseRecipientHooks(text);
      } catch (error) {
        context.addIssue(error instanceof Error ? error.message : 'malformed');
        return z.NEVER;
      }
    }),
    {
      default: '',
      doc: 'Where recipients are told of erasures, by POST of a signed notice: whatsapp=https://…; … Empty: nobody is told.',
    },
  ),
};

export type ConsentSettings = SettingValues<typeof consentSettings>;
