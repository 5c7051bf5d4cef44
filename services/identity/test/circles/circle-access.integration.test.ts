import { generateKeyPairSync } from 'node:crypto';
import type { DescMethodUnary } from '@bufbuild/protobuf';
import { CircleService, ServiceCircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { newId } from '@irisvue/database';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KNOWN_SERVICES } from '../../src/service-tokens.ts';
import { refusal } from '../refusal.ts';
import {
  accept,
  type CirclePerson,
  invite,
  join,
  newCircle,
  type StartedCircles,
  startCircles,
} from './circle-people.ts';

let started: StartedCircles;
let tokens: Record<'nobody' | 'garbage' | 'forged' | 'expired' | 'a user' | 'a service', string | undefined>;
beforeAll(async () => {
  started = await startCircles();
  const expired = (await started.identity.signUp()).tokens.accessToken;
  started.identity.pass(30 * 60_000 + 1_000);
  const user = (await started.identity.signUp()).tokens.accessToken;
  const forged = await new SignJWT(decodeJwt(user))
    .setProtectedHeader({ alg: 'EdDSA', kid: decodeProtectedHeader(user).kid })
    .sign(generateKeyPairSync('ed25519').privateKey);
  const service = await started.identity.serviceToken('jobs');
  tokens = { nobody: undefined, garbage: 'garbage', forged, expired, 'a user': user, 'a service': service };
});
afterAll(() => started?.[Symbol.asyncDispose]());

// Valid for every method: each takes what it knows of it.
const request = {
  requestId: newId(),
  circleId: newId(),
  userId: newId(),
  invitationId: newId(),
  name: 'Any',
  token: 'any',
};
type AnyCall = (message: typeof request) => Promise<unknown>;
const callOf = (client: object, method: DescMethodUnary) =>
  (client as Record<string, AnyCall>)[method.localName]!(request);
const everybodyElse = ['nobody', 'garbage', 'forged', 'expired'] as const;

describe.each((CircleService.methods as DescMethodUnary[]).map((method) => [method.name, method] as const))(
  '%s',
  (_, method) => {
    test.each(everybodyElse)('refuses %s', async (who) => {
      expect((await refusal(callOf(started.callers(tokens[who]), method))).reason).toBe('TOKEN_INVALID');
    });
    test('refuses a service', async () => {
      expect((await refusal(callOf(started.callers(tokens['a service']), method))).reason).toBe('NOT_ALLOWED');
    });
  },
);

describe.each((ServiceCircleService.methods as DescMethodUnary[]).map((method) => [method.name, method] as const))(
  '%s',
  (_, method) => {
    test.each(everybodyElse)('refuses %s', async (who) => {
      expect((await refusal(callOf(started.services(tokens[who]), method))).reason).toBe('TOKEN_INVALID');
    });
    test('refuses a user', async () => {
      expect(await refusal(callOf(started.services(tokens['a user']), method))).toEqual({
        code: 'PermissionDenied',
        reason: 'NOT_ALLOWED',
        metadata: { needed: 'service:jobs,service:consent' },
      });
    });
    test.each(KNOWN_SERVICES.filter((name) => name !== 'jobs' && name !== 'consent'))('refuses %s', async (name) => {
      const other = started.services(await started.identity.serviceToken(name));
      expect((await refusal(callOf(other, method))).reason).toBe('NOT_ALLOWED');
    });
    test.each(['jobs', 'consent'])('answers %s', async (name) => {
      await callOf(started.services(await started.identity.serviceToken(name)), method);
    });
  },
);

describe('what services are told', () => {
  test('is who is a member with an active account now, and nothing of circles that are not', async () => {
    const jobs = started.services(tokens['a service']);
    const [owner, member, closed] = (await started.people(3)) as [CirclePerson, CirclePerson, CirclePerson];
    const circleId = await newCircle(owner);
    await join(owner, circleId, member, closed);
    const members = async () => (await jobs.listActiveMembers({ circleId })).members.map(({ userId }) => userId);
    const check = async (userId: string) => (await jobs.checkMembership({ circleId, userId })).member?.userId;
    expect(await members()).toEqual([owner.id, member.id, closed.id]);

    await started.db.updateTable('users').set({ active: false }).where('id', '=', closed.id).execute();
    expect(await members()).toEqual([owner.id, member.id]);
    expect(await check(closed.id)).toBeUndefined();
    expect((await refusal(accept(closed, await invite(owner, circleId)))).reason).toBe('TOKEN_INVALID');
    expect(await check(member.id)).toBe(member.id);
    expect(await check(newId())).toBeUndefined();

    await member.circles.leaveCircle({ requestId: newId(), circleId });
    expect(await members()).toEqual([owner.id]);
    await owner.circles.deleteCircle({ requestId: newId(), circleId });
    expect(await members()).toEqual([]);
    expect(await check(owner.id)).toBeUndefined();
  });

  test('names a membership alike in both answers', async () => {
    const jobs = started.services(tokens['a service']);
    const owner = await started.person();
    const circleId = await newCircle(owner);
    const { members } = await jobs.listActiveMembers({ circleId });
    expect(members).toEqual([(await jobs.checkMembership({ circleId, userId: owner.id })).member]);
    expect(members[0]!.membershipId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });
});
