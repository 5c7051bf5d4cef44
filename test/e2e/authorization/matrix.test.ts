import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DescMethod } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { Role, ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { openDatabase } from '@irisvue/database';
import { loadSecrets, serviceSecret } from '@irisvue/embedded';
import {
  createLogger,
  createServiceClient,
  serviceTokenSource,
  systemClock,
  TOKEN_ISSUER,
  USER_AUDIENCE,
} from '@irisvue/runtime';
import { openSigningKeys, type SigningKeysTables } from '@irisvue/signing-keys';
import { startTestMesh, startTokenIssuers, type TestMesh, type TokenIssuers } from '@irisvue/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bearer, outcomeOf } from './callers.ts';
import { everyMethod, homesOf } from './every-method.ts';
import { foreignRequests } from './foreign-request.ts';
import { belongings, makeVictim, type Victim, verified } from './victim.ts';

// The callers, in the order of the columns of matrix.txt.
const CALLERS = ['nobody', 'expired', 'forged', 'stranger', 'member', 'former', 'operator', 'service'] as const;
type CallerName = (typeof CALLERS)[number];

const HOUR_MS = 3_600_000;
const methods = await everyMethod();
const matrix = await readMatrix();

let mesh: TestMesh;
let issuers: TokenIssuers;
let victim: Victim;
let before: string;
let bearers: Readonly<Record<CallerName, Bearer>>;
beforeAll(async () => {
  mesh = await startTestMesh({
    env: { IRISVUE_FREE_TRIES_PER_ACCOUNT: '1000', IRISVUE_FREE_TRIES_PER_ADDRESS: '1000' },
  });
  issuers = await startTokenIssuers();
  victim = await makeVictim(mesh);
  bearers = await makeBearers();
  before = await belongings(victim);
});
afterAll(async () => {
  await issuers?.[Symbol.asyncDispose]();
  await mesh?.[Symbol.asyncDispose]();
});

test('every method has a row, and every row a method', () => {
  expect([...matrix.keys()].toSorted()).toEqual([...methods.keys()].toSorted());
});

// Reading comes first: what a caller then makes is the caller's own. What ends a caller's own standing comes last.
const LAST = ['irisvue.identity.v1.CircleService/LeaveCircle', 'irisvue.identity.v1.IdentityService/DeleteSession'];
const turnOf = (name: string) => {
  if (LAST.includes(name)) return 2;
  return methods.get(name)?.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS ? 0 : 1;
};
const inTurn = [...matrix.keys()].toSorted((a, b) => turnOf(a) - turnOf(b));

describe.each(inTurn)('%s', (name) => {
  const method = methods.get(name);
  test.each(CALLERS)('%s', async (caller) => {
    for (const [home, request] of casesOf(method!)) {
      const url = await urlOf(home);
      const { outcome, why } = await outcomeOf({
        url,
        method: method!,
        request,
        bearer: bearers[caller],
        secrets: victim.secrets,
      });
      expect.soft(outcome, `${caller} → ${home}: ${why}`).toBe(matrix.get(name)![CALLERS.indexOf(caller)]);
    }
  });
});

test('after all that the victim has what it had', async () => {
  expect(await belongings(victim)).toBe(before);
});

async function urlOf(home: string): Promise<string> {
  const { url } = await mesh.process(home);
  return url!;
}

function* casesOf(method: DescMethod) {
  for (const home of homesOf(method))
    for (const request of foreignRequests(method, victim)) yield [home, request] as const;
}

/** Rows of matrix.txt: a method's full name and, for each caller, how a call ends. */
async function readMatrix(): Promise<ReadonlyMap<string, readonly string[]>> {
  const text = await readFile(join(import.meta.dirname, 'matrix.txt'), 'utf8');
  const rows = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return new Map(rows.map((row) => row.trim().split(/\s+/)).map(([name, ...outcomes]) => [name!, outcomes]));
}

async function makeBearers(): Promise<Record<CallerName, Bearer>> {
  const stranger = await verified(mesh);
  const operator = await verified(mesh);
  const secrets = await loadSecrets(mesh.home);
  const identityUrl = await urlOf('identity');
  const tokenOf = (service: string) =>
    serviceTokenSource({ identityUrl, service, secret: serviceSecret(secrets.master, service), clock: systemClock });
  const identity = createServiceClient(ServiceIdentityService, { url: identityUrl, token: tokenOf('command') });
  await identity.setRole({ email: operator.account.email, role: Role.OPERATOR });
  const once = async (token: Promise<string>): Promise<Bearer> => {
    const kept = await token;
    return async () => kept;
  };
  return {
    nobody: async () => undefined,
    expired: await once(expiredToken(secrets.key)),
    forged: await once(issuers.userToken(victim.person.account.userId)),
    stranger: await once(stranger.accessToken()),
    member: await once(victim.member.accessToken()),
    former: await once(victim.former.accessToken()),
    operator: await once(operator.accessToken()),
    service: await once(tokenOf('enhancement')()),
  };
}

/** A token of the victim's that identity's own key signed, and that ended an hour ago. */
async function expiredToken(keySecret: string): Promise<string> {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const url = new URL(mesh.servers.postgres);
  url.pathname = '/identity';
  await using stack = new AsyncDisposableStack();
  const db = openDatabase<SigningKeysTables>(url.href, { logger });
  stack.defer(() => db.destroy());
  const keys = await openSigningKeys({
    db,
    service: 'identity',
    secret: keySecret,
    clock: systemClock,
    logger,
    longestTokenMs: HOUR_MS,
  });
  const { token } = await keys.sign({
    issuer: TOKEN_ISSUER,
    audience: USER_AUDIENCE,
    subject: victim.person.account.userId,
    claims: { sid: victim.ids['session_id'] },
    lifetimeMs: -HOUR_MS,
  });
  return token;
}
