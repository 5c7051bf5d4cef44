import type { DescMethodUnary, MessageInitShape } from '@bufbuild/protobuf';
import {
  type ConsentCheckService,
  ConsentPurpose,
  type ConsentService,
  SubjectKind,
} from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { RepresentativeRelation, type SubjectService } from '@irisvue/contracts/irisvue/consent/v1/subject_service';
import { newId } from '@irisvue/database';
import { USER_AUDIENCE } from '@irisvue/runtime';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal } from './refusal.ts';
import { type StartedConsent, startConsent, startIssuer } from './started-consent.ts';

const HOUR_MS = 3_600_000;

let consent: StartedConsent;
let stranger: Awaited<ReturnType<typeof startIssuer>>;
beforeAll(async () => {
  consent = await startConsent();
  stranger = await startIssuer(consent.clock);
});
afterAll(async () => {
  await stranger[Symbol.asyncDispose]();
  await consent[Symbol.asyncDispose]();
});

const userId = newId();
const subject = { id: userId, kind: SubjectKind.SELF };
const purpose = ConsentPurpose.DATA_PROCESSING;
const scope = { requestId: newId(), photoId: newId(), creatorId: newId() };

// A request that passes validation, for every method: what is refused is refused for its token.
type Requests<M extends Record<string, DescMethodUnary>> = { [K in keyof M]: MessageInitShape<M[K]['input']> };
type Public = typeof ConsentService.method;
const openMethods = ['getRetentionPolicy', 'listReceiptKeys'] as const satisfies (keyof Public)[];
const publicRequests: Requests<Omit<Public, (typeof openMethods)[number]>> = {
  getNotice: { purpose },
  listReceipts: {},
  requestArtworkPermission: { requestId: newId(), ownerId: newId(), scope: { photoId: newId() } },
  denyArtworkPermission: { requestId: newId(), permissionId: newId() },
  listArtworkPermissions: {},
  grantConsent: { requestId: newId(), subject, purpose, noticeId: 'x', noticeSha256: 'a'.repeat(64) },
  withdrawConsent: { requestId: newId(), subject, purpose },
  listConsents: {},
  grantArtworkPermission: scope,
  withdrawArtworkPermission: scope,
};
const subjectRequests: Requests<typeof SubjectService.method> = {
  createSubjectInvitation: { requestId: newId() },
  getSubjectInvitation: { token: 'x' },
  listSubjectInvitations: {},
  revokeSubjectInvitation: { requestId: newId(), invitationId: newId() },
  acceptSubjectInvitation: { requestId: newId(), token: 'x', fullAge: true },
  listCapturePermissions: {},
  withdrawCapturePermission: { requestId: newId(), uploaderId: newId() },
  declareMinor: { requestId: newId(), relation: RepresentativeRelation.PARENT, declared: true },
  listMinors: {},
};
const checkRequests: Requests<typeof ConsentCheckService.method> = {
  checkConsent: { subjects: [subject], purpose },
  createStepCapability: { subjects: [subject], purpose, jobId: newId(), step: 'segmenting', attempt: 1 },
  checkArtworkPermission: { creatorId: newId(), photos: [{ photoId: newId(), ownerId: newId() }] },
  checkDisclosure: { subjects: [subject], purpose, recipient: 'x' },
};

const bearers: Record<string, () => Promise<string | undefined>> = {
  nobody: async () => undefined,
  'somebody with garbage': async () => 'garbage',
  'somebody with a forged token': () =>
    stranger.sign({ audience: USER_AUDIENCE, subject: userId, claims: { sid: newId() }, lifetimeMs: HOUR_MS }),
  'somebody with an expired token': async () => {
    const token = await consent.userToken(userId);
    consent.pass(HOUR_MS + 1_000);
    return token;
  },
  'somebody with a token for elsewhere': () =>
    foreign({ audience: 'irisvue-step', subject: userId, claims: { sid: newId() } }),
  'a user who calls himself a service': () =>
    foreign({ audience: USER_AUDIENCE, subject: 'service:jobs', claims: { sid: newId() } }),
};
// Signed with the right key, and still not a token of either kind.
const foreign = (token: { audience: string; subject: string; claims: Record<string, unknown> }) =>
  consent.sign({ ...token, lifetimeMs: HOUR_MS });

const userRpcs = [
  ...Object.entries(publicRequests).map(([name, request]) => ({
    name,
    call: (token?: string) => callOf(consent.publicApi(token), name)(request),
  })),
  ...Object.entries(subjectRequests).map(([name, request]) => ({
    name,
    call: (token?: string) => callOf(consent.subjects(token), name)(request),
  })),
];
const rpcs = [
  ...userRpcs,
  ...Object.entries(checkRequests).map(([name, request]) => ({
    name,
    call: (token?: string) => callOf(consent.checks(token), name)(request),
  })),
];

describe.each(rpcs)('$name', ({ call }) => {
  test.each(Object.keys(bearers))('is refused to %s', async (who) => {
    expect(await refusal(call(await bearers[who]!()))).toEqual({
      code: 'Unauthenticated',
      reason: 'TOKEN_INVALID',
      metadata: {},
    });
  });
});

describe.each(userRpcs)('$name, for users,', ({ call }) => {
  test.each(['jobs', 'gateway', 'identity'])('is refused to the service %s', async (service) => {
    expect(await refusal(call(await consent.serviceToken(service)))).toEqual({
      code: 'PermissionDenied',
      reason: 'NOT_ALLOWED',
      metadata: { needed: 'user' },
    });
  });
});

describe.each(rpcs.slice(userRpcs.length))('$name, for jobs,', ({ name, call }) => {
  test.each(['gateway', 'segmentation', 'consent'])('is refused to the service %s', async (service) => {
    expect(await refusal(call(await consent.serviceToken(service)))).toEqual({
      code: 'PermissionDenied',
      reason: 'NOT_ALLOWED',
      metadata: { needed: expect.stringMatching(name === 'checkDisclosure' ? /^service:jobs,/ : /^service:jobs$/) },
    });
  });

  test('is refused to a user', async () => {
    expect((await refusal(call(await consent.userToken(userId)))).reason).toBe('NOT_ALLOWED');
  });
});

test.each(openMethods)('%s is answered to nobody and to somebody with garbage', async (name) => {
  for (const token of [undefined, 'garbage']) {
    expect(await callOf(consent.publicApi(token), name)({})).toBeDefined();
  }
});

test('the forged token names a key that is not known', async () => {
  const forged = await bearers['somebody with a forged token']!();
  const { keys } = (await (await fetch(`${stranger.url}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] };
  expect(keys.map((key) => key.kid)).toEqual([decodeProtectedHeader(forged!).kid]);
});

function callOf(client: object, name: string): (request: unknown) => Promise<unknown> {
  return (client as Record<string, (request: unknown) => Promise<unknown>>)[name]!;
}
