import { portSetting, type SettingValues, serverSettings, setting, urlSetting } from '@irisvue/runtime';
import { z } from 'zod';

const seconds = z.coerce.number().positive().max(86_400);
const count = (most: number) => z.coerce.number().int().min(1).max(most);

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== ''),
);
const issuerSetting = (env: string, issuer: string) =>
  setting(env, z.url({ protocol: /^https?$/ }), {
    default: issuer,
    doc: 'Issuer of its id_tokens; its keys are found by OpenID Connect Discovery.',
  });

/** Every knob of the identity service. */
export const identitySettings = {
  ...serverSettings,
  port: portSetting(8081),
  databaseUrl: setting('IRISVUE_DATABASE_URL', z.string().min(1), {
    default: 'postgres://postgres:postgres@127.0.0.1:8085/identity',
    secret: true,
    doc: 'PostgreSQL database of this service.',
  }),
  natsUrl: setting('IRISVUE_NATS_URL', z.string().min(1), {
    default: 'nats://127.0.0.1:8086',
    doc: 'NATS server with JetStream.',
  }),
  masterSecret: setting('IRISVUE_MASTER_SECRET', z.string().min(32), {
    secret: true,
    doc: "Every service's secret is derived from it, at least 32 characters. Only identity knows it.",
  }),
  keySecret: setting('IRISVUE_KEY_SECRET', z.string().min(32), {
    secret: true,
    doc: 'Encrypts the signing keys in the database, at least 32 characters. All replicas share it.',
  }),
  circlesPerOwner: setting('IRISVUE_CIRCLES_PER_OWNER', z.coerce.number().int().min(1).max(10_000), {
    default: '50',
    doc: 'Circles that one account may own.',
  }),
  membersPerCircle: setting('IRISVUE_MEMBERS_PER_CIRCLE', z.coerce.number().int().min(1).max(1_000), {
    default: '100',
    doc: 'Members that a circle may have, its owner included, 1 to 1000.',
  }),
  smtpUrl: setting('IRISVUE_SMTP_URL', z.url({ protocol: /^smtps?$/ }).optional(), {
    secret: true,
    doc: 'Mail server: smtp://USER:PASSWORD@HOST:587 or smtps://…:465; ?requireTLS=true insists on TLS. Not set: a folder.',
  }),
  mailDir: setting('IRISVUE_MAIL_DIR', z.string().min(1), {
    default: '.irisvue/mail',
    doc: 'Folder that mails are written into, as .eml files, while there is no mail server.',
  }),
  mailFrom: setting('IRISVUE_MAIL_FROM', z.string().regex(/@/), {
    default: 'IrisVue <no-reply@irisvue.example>',
    doc: 'Sender of the mails.',
  }),
  mailPollSeconds: setting('IRISVUE_MAIL_POLL_SECONDS', seconds, {
    default: '5',
    doc: 'Mails whose turn has come are looked for this often when nothing rings, in seconds.',
  }),
  forgetSeconds: setting('IRISVUE_FORGET_SECONDS', seconds, {
    default: '3600',
    doc: 'Ended links and nonces, old throttles and request ids are removed this often, in seconds.',
  }),
  webUrl: urlSetting('IRISVUE_WEB_URL', {
    default: 'http://127.0.0.1:8080',
    doc: 'Pages that the links of mails and invitations open: URL/account/verify#TOKEN and the like.',
  }),
  appleIssuer: issuerSetting('IRISVUE_APPLE_ISSUER', 'https://appleid.apple.com'),
  appleClientIds: setting('IRISVUE_APPLE_CLIENT_IDS', list, {
    default: '',
    doc: 'Client ids for Sign in with Apple, comma separated: bundle ids, Services IDs. Empty: it is not offered.',
  }),
  googleIssuer: issuerSetting('IRISVUE_GOOGLE_ISSUER', 'https://accounts.google.com'),
  googleClientIds: setting('IRISVUE_GOOGLE_CLIENT_IDS', list, {
    default: '',
    doc: 'Client ids for Sign in with Google, comma separated. Empty: it is not offered.',
  }),
  passwordHashes: setting('IRISVUE_PASSWORD_HASHES', count(256), {
    default: '4',
    doc: 'Passwords hashed at the same time, 1 to 256; each takes 19 MiB. 50 times as many calls may wait.',
  }),
  freeTriesPerAccount: setting('IRISVUE_FREE_TRIES_PER_ACCOUNT', count(1_000_000), {
    default: '5',
    doc: 'Wrong passwords for one e-mail before each further try has to wait, from 1 s doubling up to 15 min.',
  }),
  freeTriesPerAddress: setting('IRISVUE_FREE_TRIES_PER_ADDRESS', count(1_000_000), {
    default: '100',
    doc: 'Failed sign-ins and sign-ups from one address before each further try has to wait, in the same way.',
  }),
};

export type IdentitySettings = SettingValues<typeof identitySettings>;

/** The providers as they are set up. */
export function providerSettings(settings: IdentitySettings) {
  return {
    apple: { issuer: settings.appleIssuer, clientIds: settings.appleClientIds },
    google: { issuer: settings.googleIssuer, clientIds: settings.googleClientIds },
  };
}
