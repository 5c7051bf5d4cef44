import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { ConsentPurposeSchema } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { expect, test } from 'vitest';
import { ended, submit } from '../person.ts';
import { consentingCitizen, upload } from './people.ts';
import { type DatabaseName, query } from './scene.ts';

const CONTRACTS = join(import.meta.dirname, '../../../packages/contracts/gen/irisvue');

/** Words of what must not be: templates of an iris, comparing people by them, selling them, learning from them. */
const FORBIDDEN =
  /template|iris_?code|embedding|descriptor|feature|minuti|match|similar|recogni|identif|price|sale|sold|advert|train|dataset|vector/i;
const REVIEWED_NAMES = ['irisvue.identity.v1.SendMailRequest.template', 'identity.mails.template']; // of a mail

/** Lists of figures in contracts: the only ones are outlines of lids, in pixels of the photo. */
const REVIEWED_LISTS = ['irisvue.media.v1.LidMargin.points'];

/** Columns that could hold anything, or a list of figures, each with what it holds. */
const REVIEWED_COLUMNS: Readonly<Record<string, string>> = {
  'consent.artwork_permission_events.recipients': 'short names',
  'consent.consent_events.recipients': 'short names',
  'consent.consents.recipients': 'short names',
  'consent.erasure_joint_works.other_user_ids': 'ids',
  'consent.evidence_keys.public_jwk': 'public key',
  'consent.outbox.body': 'event, ids only',
  'consent.outbox.trace': 'trace headers',
  'consent.requests.request_sha256': 'hash',
  'consent.signing_keys.public_jwk': 'public key',
  'consent.signing_keys.sealed_private_key': 'key, encrypted',
  'consent.subject_invitations.token_sha256': 'hash',
  'identity.circle_invitation_tokens.sha256': 'hash',
  'identity.link_tokens.sha256': 'hash',
  'identity.mails.parameters': 'words of a mail',
  'identity.outbox.body': 'event, ids only',
  'identity.outbox.trace': 'trace headers',
  'identity.provider_nonces.sha256': 'hash',
  'identity.refresh_tokens.sha256': 'hash',
  'identity.requests.request_sha256': 'hash',
  'identity.signing_keys.public_jwk': 'public key',
  'identity.signing_keys.sealed_private_key': 'key, encrypted',
  'identity.throttles.key': 'hash',
  'jobs.artwork_sources.geometry': 'outlines of iris, pupil and lids',
  'jobs.artwork_sources.picture': 'which object, by key, hash and size',
  'jobs.artworks.spec': 'what was asked for',
  'jobs.artworks.thumbnail': 'which object, by key, hash and size',
  'jobs.blocked_subjects.subject_sha256': 'hash',
  'jobs.erased_joint_works.other_user_ids': 'ids',
  'jobs.job_steps.outcome': 'which objects and outlines a step made',
  'jobs.job_steps.provenance': 'which model, on what device',
  'jobs.jobs.geometry': 'outlines of iris, pupil and lids',
  'jobs.jobs.mask': 'which object, by key, hash and size',
  'jobs.jobs.measures': 'sharpness, light and the like of the photo',
  'jobs.jobs.rejection': 'why a photo was refused',
  'jobs.jobs.result': 'which object, by key, hash and size',
  'jobs.jobs.result_geometry': 'outlines of iris, pupil and lids',
  'jobs.outbox.body': 'event, ids only',
  'jobs.outbox.trace': 'trace headers',
  'jobs.requests.request_sha256': 'hash',
};

async function contracts(): Promise<DescMessage[]> {
  const files = await Array.fromAsync(glob('**/*_pb.ts', { cwd: CONTRACTS }));
  const modules: Record<string, unknown>[] = await Promise.all(files.map((file) => import(join(CONTRACTS, file))));
  return modules.flatMap((module) => Object.values(module).filter(isMessage));
}

function isMessage(value: unknown): value is DescMessage {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'message';
}

const isFigure = (type: ScalarType | undefined) =>
  type !== undefined && ![ScalarType.STRING, ScalarType.BOOL, ScalarType.BYTES].includes(type);

/** Whether a field could hold a template: bytes, a list of figures, or a list of messages of nothing but figures. */
function couldHoldTemplate(field: DescField): boolean {
  if (field.scalar === ScalarType.BYTES) return true;
  if (field.fieldKind !== 'list') return false;
  if (field.listKind !== 'message') return isFigure(field.scalar);
  return field.message.fields.every((each) => isFigure(each.scalar));
}

test('CR-16: no contract has a field for a template, a match, a sale or a training set', async () => {
  const fields = (await contracts()).flatMap((message) => message.fields);
  const nameOf = (field: DescField) => `${field.parent.typeName}.${field.name}`;
  expect(fields.length).toBeGreaterThan(700);
  const named = fields.filter((field) => FORBIDDEN.test(field.name)).map(nameOf);
  expect(named.filter((name) => !REVIEWED_NAMES.includes(name))).toEqual([]);
  expect(fields.filter(couldHoldTemplate).map(nameOf)).toEqual(REVIEWED_LISTS);
});

interface Column {
  readonly name: string;
  readonly type: string;
}

test.each<DatabaseName>(['identity', 'consent', 'jobs'])(
  'CR-16: the database of %s has no column for one',
  async (database) => {
    const columns = await query<Column>(
      database,
      `SELECT '${database}.' || table_name || '.' || column_name AS name, data_type AS type FROM information_schema.columns
     WHERE table_schema = 'public' ORDER BY 1`,
    );
    expect(columns.length).toBeGreaterThan(20);
    const forbidden = columns.filter(({ name }) => FORBIDDEN.test(name) && !REVIEWED_NAMES.includes(name));
    expect(forbidden.map(({ name }) => name)).toEqual([]);
    const holding = columns
      .filter(({ type }) => /bytea|json|ARRAY|USER-DEFINED|vector/.test(type))
      .map(({ name }) => name);
    const reviewed = Object.keys(REVIEWED_COLUMNS).filter((name) => name.startsWith(`${database}.`));
    expect(holding).toEqual(reviewed.toSorted());
  },
);

function listsIn(value: unknown): unknown[][] {
  if (Array.isArray(value)) return [value, ...value.flatMap(listsIn)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(listsIn) : [];
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

test('CR-16: what is kept of a processed photo is outlines and measures, too little to know an iris by', async () => {
  const person = await consentingCitizen();
  const jobIds = await submit(person, await upload(person, 1));
  await ended(person, jobIds);
  const [job] = await query('jobs', `SELECT * FROM jobs WHERE id = '${jobIds[0]}'`);
  const steps = await query('jobs', `SELECT * FROM job_steps WHERE job_id = '${jobIds[0]}'`);
  expect(steps.length).toBe(3);
  const kept = [job!, ...steps];
  // An iris code has 2 048 bits: neither the points of a lid's outline nor any text that is kept comes near.
  expect(Math.max(...kept.flatMap(listsIn).map((list) => list.length))).toBeLessThanOrEqual(40);
  expect(Math.max(...kept.flatMap(textsIn).map((text) => text.length))).toBeLessThan(256);
});

test('CR-16: there are three purposes to consent to, and none is a sale, a comparison or a training', () => {
  const purposes = ConsentPurposeSchema.values.map(({ name }) => name.replace('CONSENT_PURPOSE_', ''));
  expect(purposes).toEqual(['UNSPECIFIED', 'BIOMETRIC_CAPTURE', 'DATA_PROCESSING', 'MARKETING']);
});
