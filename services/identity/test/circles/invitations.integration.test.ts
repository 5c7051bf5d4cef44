import { newId } from '@irisvue/database';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal } from '../refusal.ts';
import {
  accept,
  type CirclePerson,
  invite,
  memberIds,
  newCircle,
  type StartedCircles,
  startCircles,
} from './circle-people.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAY_SECONDS = 24n * 3600n;

let started: StartedCircles;
let owner: CirclePerson;
beforeAll(async () => {
  started = await startCircles();
  owner = await started.person({ email: 'olga@example.org' });
});
afterAll(() => started?.[Symbol.asyncDispose]());

const linkInvalid = { code: 'FailedPrecondition', reason: 'LINK_INVALID', metadata: { problem: 'invalid' } };
const notVerified = { code: 'FailedPrecondition', reason: 'EMAIL_NOT_VERIFIED', metadata: {} };
const seconds = (...times: ({ readonly seconds: bigint } | undefined)[]) => times.map((time) => time!.seconds);
const usesLeft = async (circleId: string) =>
  (await owner.circles.listInvitations({ circleId })).invitations.map((invitation) => invitation.usesLeft);

describe('an invitation', () => {
  test('is for one person and seven days, unless told otherwise', async () => {
    const circleId = await newCircle(owner);
    const usual = await owner.circles.createInvitation({ requestId: newId(), circleId });
    expect(usual.token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(usual.url).toBe(`http://127.0.0.1:8080/circles/join#${usual.token}`);
    expect(usual.invitation).toMatchObject({ circleId, uses: 1, usesLeft: 1 });
    const [made, ends] = seconds(usual.invitation!.createTime, usual.invitation!.expireTime);
    expect(ends! - made!).toBe(7n * DAY_SECONDS);
    const longest = { circleId, uses: 50, validDuration: { seconds: 30n * DAY_SECONDS, nanos: 0 } };
    const { invitation } = await owner.circles.createInvitation({ requestId: newId(), ...longest });
    expect(invitation).toMatchObject({ uses: 50, usesLeft: 50 });
    expect((await owner.circles.listInvitations({ circleId })).invitations).toEqual([invitation, usual.invitation]);
  });

  test.each([
    ['uses', { uses: 51 }],
    ['uses', { uses: -1 }],
    ['valid_duration', { validDuration: { seconds: 30n * DAY_SECONDS + 1n, nanos: 0 } }],
    ['valid_duration', { validDuration: { seconds: 0n, nanos: 0 } }],
  ])('is refused for %s out of bounds: %o', async (field, beyond) => {
    const circleId = await newCircle(owner);
    const { reason, metadata } = await refusal(
      owner.circles.createInvitation({ requestId: newId(), circleId, ...beyond }),
    );
    expect({ reason, field: metadata?.['field'] }).toEqual({ reason: 'INVALID_FIELD', field });
  });

  test('shows what it is for before it is accepted', async () => {
    const circleId = await newCircle(owner, 'The Olgas');
    const { token, invitation } = await owner.circles.createInvitation({ requestId: newId(), circleId });
    const guest = await started.person({ verified: false });
    const shown = { circleName: 'The Olgas', maskedEmail: 'o•••@example.org', expireTime: invitation!.expireTime };
    expect(await guest.circles.getInvitation({ token })).toMatchObject({ ...shown, alreadyMember: false });
    expect(await owner.circles.getInvitation({ token })).toMatchObject({ ...shown, alreadyMember: true });
  });

  test('lets somebody in once, however often the request comes', async () => {
    const circleId = await newCircle(owner);
    const token = await invite(owner, circleId, 2);
    const guest = await started.person();
    const request = { requestId: newId(), token };
    const answers = await Promise.all([1, 2, 3].map(() => guest.circles.acceptInvitation(request)));
    for (const { circle } of answers) expect(circle).toMatchObject({ id: circleId, memberCount: 2 });
    expect(await usesLeft(circleId)).toEqual([1]);
  });

  test('takes no use of somebody who is a member already', async () => {
    const circleId = await newCircle(owner);
    const token = await invite(owner, circleId, 3);
    const guest = await started.person();
    await accept(guest, token);
    await accept(guest, token);
    await accept(owner, token);
    expect(await usesLeft(circleId)).toEqual([2]);
    expect(await memberIds(owner, circleId)).toEqual([owner.id, guest.id]);
  });

  test('of five uses lets five in when fifty accept at once', async () => {
    const circleId = await newCircle(owner);
    const token = await invite(owner, circleId, 5);
    const crowd = await started.people(50);
    const calls = await Promise.allSettled(crowd.map((guest) => accept(guest, token)));
    const refused = calls.filter((call) => call.status === 'rejected');
    expect(refused).toHaveLength(45);
    for (const { reason } of refused) expect(await refusal(Promise.reject(reason))).toEqual(linkInvalid);
    const joined = crowd.filter((_, i) => calls[i]!.status === 'fulfilled').map(({ id }) => id);
    expect((await memberIds(owner, circleId)).toSorted()).toEqual([owner.id, ...joined].toSorted());
    expect(await usesLeft(circleId)).toEqual([]);
  });

  test('leads back in after leaving, as a new membership', async () => {
    const circleId = await newCircle(owner);
    const token = await invite(owner, circleId, 2);
    const guest = await started.person();
    const membership = async () => {
      const jobs = started.services(await started.identity.serviceToken('jobs'));
      return (await jobs.checkMembership({ circleId, userId: guest.id })).member;
    };
    await accept(guest, token);
    const first = await membership();
    await guest.circles.leaveCircle({ requestId: newId(), circleId });
    expect(await membership()).toBeUndefined();
    await accept(guest, token);
    expect((await membership())!.membershipId).not.toBe(first!.membershipId);
    expect(await usesLeft(circleId)).toEqual([]);
  });

  test('that is used up, expired, revoked, unknown or of a circle that is gone looks the same from outside', async () => {
    const boss = await started.person();
    const circleId = await newCircle(boss);
    const expired = await invite(boss, circleId);
    started.identity.pass(7 * DAY_MS - HOUR_MS);
    const bossLater = await started.again(boss);
    const usedUp = await invite(bossLater, circleId);
    await accept(await started.person(), usedUp);
    const revoked = await bossLater.circles.createInvitation({ requestId: newId(), circleId });
    await bossLater.circles.revokeInvitation({ requestId: newId(), invitationId: revoked.invitation!.id });
    const gone = await newCircle(bossLater);
    const ofGone = await invite(bossLater, gone);
    await bossLater.circles.deleteCircle({ requestId: newId(), circleId: gone });
    const guest = await started.person();
    expect((await guest.circles.getInvitation({ token: expired })).alreadyMember).toBe(false);

    started.identity.pass(HOUR_MS);
    const { circles } = await started.again(guest);
    for (const token of [usedUp, expired, revoked.token, ofGone, 'never handed out', 'ü'.repeat(43)]) {
      expect(await refusal(circles.getInvitation({ token })), token).toEqual(linkInvalid);
      expect(await refusal(circles.acceptInvitation({ requestId: newId(), token })), token).toEqual(linkInvalid);
    }
    expect((await (await started.again(boss)).circles.listInvitations({ circleId })).invitations).toEqual([]);
    owner = await started.again(owner);
  });

  test('is revoked by the owner only, and once', async () => {
    const circleId = await newCircle(owner);
    const member = await started.person();
    await accept(member, await invite(owner, circleId));
    const { invitation, token } = await owner.circles.createInvitation({ requestId: newId(), circleId });
    const invitationId = invitation!.id;
    const notFound = { code: 'NotFound', reason: 'NOT_FOUND', metadata: { resource: 'invitation', id: invitationId } };
    for (const person of [member, await started.person()]) {
      const call = person.circles.revokeInvitation({ requestId: newId(), invitationId });
      expect(await refusal(call)).toEqual(notFound);
    }
    const guest = await started.person();
    await guest.circles.getInvitation({ token });
    const request = { requestId: newId(), invitationId };
    await owner.circles.revokeInvitation(request);
    await owner.circles.revokeInvitation(request);
    expect(await refusal(guest.circles.getInvitation({ token }))).toEqual(linkInvalid);
    expect(await refusal(owner.circles.revokeInvitation({ ...request, requestId: newId() }))).toEqual(notFound);
  });

  test('needs a verified e-mail of both sides', async () => {
    const unverified = await started.person({ verified: false });
    const circleId = await newCircle(unverified);
    const create = unverified.circles.createInvitation({ requestId: newId(), circleId });
    expect(await refusal(create)).toEqual(notVerified);
    // Also before the token is looked at: an unverified account learns nothing by trying.
    const token = await invite(owner, await newCircle(owner));
    for (const tried of [token, 'never handed out'])
      expect(await refusal(accept(unverified, tried))).toEqual(notVerified);
    expect(await memberIds(unverified, circleId)).toEqual([unverified.id]);
  });

  test('whose request comes again is the same one, and every token that was told opens it', async () => {
    const circleId = await newCircle(owner);
    const request = { requestId: newId(), circleId, uses: 2 };
    const answers = await Promise.all([1, 2, 3].map(() => owner.circles.createInvitation(request)));
    const tokens = answers.map(({ token }) => token);
    expect(new Set(answers.map(({ invitation }) => invitation!.id)).size).toBe(1);
    expect(new Set(tokens).size).toBe(3);
    await accept(await started.person(), tokens[0]!);
    await accept(await started.person(), tokens[1]!);
    expect(await refusal(accept(await started.person(), tokens[2]!))).toEqual(linkInvalid);
  });

  test('whose request comes again after its maker lost the circle is not told anew', async () => {
    const [boss, heir] = (await started.people(2)) as [CirclePerson, CirclePerson];
    const circleId = await newCircle(boss);
    const request = { requestId: newId(), circleId, uses: 2 };
    await accept(heir, (await boss.circles.createInvitation(request)).token);
    await boss.circles.transferOwnership({ requestId: newId(), circleId, userId: heir.id });
    expect((await refusal(boss.circles.createInvitation(request))).reason).toBe('NOT_ALLOWED');
  });

  test('is stored as a hash, and its token is in no log', async () => {
    const circleId = await newCircle(owner);
    const token = await invite(owner, circleId);
    await accept(await started.person(), token);
    const rows = await Promise.all([
      started.db.selectFrom('circle_invitations').selectAll().execute(),
      started.db.selectFrom('circle_invitation_tokens').selectAll().execute(),
      started.db.selectFrom('requests').selectAll().execute(),
    ]);
    const written = JSON.stringify(rows) + started.identity.log.join('');
    expect(written).toContain(circleId);
    expect(written).not.toContain(token);
    expect(written).not.toContain(Buffer.from(token).toString('hex'));
  });
});

describe('bounds hold', () => {
  let bounded: StartedCircles;
  beforeAll(async () => {
    bounded = await startCircles({ IRISVUE_MEMBERS_PER_CIRCLE: '3' });
  });
  afterAll(() => bounded?.[Symbol.asyncDispose]());

  test('when many join at once by different invitations: a full circle takes no use', async () => {
    const boss = await bounded.person();
    const circleId = await newCircle(boss);
    const guests = await bounded.people(6);
    const tokens = await Promise.all(guests.map(() => invite(boss, circleId)));
    const calls = await Promise.allSettled(guests.map((guest, i) => accept(guest, tokens[i]!)));
    const refused = calls.filter((call) => call.status === 'rejected');
    expect(refused).toHaveLength(4);
    for (const { reason } of refused) {
      expect(await refusal(Promise.reject(reason))).toEqual({
        code: 'FailedPrecondition',
        reason: 'CIRCLE_LIMIT_REACHED',
        metadata: { resource: 'member', limit: '3' },
      });
    }
    expect(await memberIds(boss, circleId)).toHaveLength(3);
    expect((await boss.circles.listInvitations({ circleId })).invitations).toHaveLength(4);
  });

  test('for invitations: one more can be made when one has ended', async () => {
    const boss = await bounded.person();
    const circleId = await newCircle(boss);
    const tokens: string[] = [];
    for (let i = 0; i < 100; i++) tokens.push(await invite(boss, circleId));
    expect(await refusal(invite(boss, circleId))).toMatchObject({
      reason: 'CIRCLE_LIMIT_REACHED',
      metadata: { resource: 'invitation', limit: '100' },
    });
    await accept(await bounded.person(), tokens[0]!);
    await invite(boss, circleId);
    const first = await boss.circles.listInvitations({ circleId, pageSize: 60 });
    const second = await boss.circles.listInvitations({ circleId, pageSize: 60, pageToken: first.nextPageToken });
    expect(new Set([...first.invitations, ...second.invitations].map(({ id }) => id)).size).toBe(100);
  });
});
