import { CircleRole } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { newId } from '@irisvue/database';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal } from '../refusal.ts';
import { type CirclePerson, join, memberIds, newCircle, type StartedCircles, startCircles } from './circle-people.ts';

let started: StartedCircles;
let owner: CirclePerson;
let member: CirclePerson;
let stranger: CirclePerson;
beforeAll(async () => {
  started = await startCircles();
  [owner, member, stranger] = (await started.people(3)) as [CirclePerson, CirclePerson, CirclePerson];
});
afterAll(() => started?.[Symbol.asyncDispose]());

const notFound = (resource: string, id: string) => ({
  code: 'NotFound',
  reason: 'NOT_FOUND',
  metadata: { resource, id },
});
const onlyOwner = { code: 'PermissionDenied', reason: 'NOT_ALLOWED', metadata: { needed: 'circle_owner' } };
const idsOf = async (person: CirclePerson) => (await person.circles.listCircles({})).circles.map(({ id }) => id);

describe('a circle', () => {
  test('belongs to who makes it, and is that person’s alone at first', async () => {
    const { circle } = await owner.circles.createCircle({ requestId: newId(), name: 'Our eyes' });
    expect(circle).toMatchObject({
      name: 'Our eyes',
      ownerId: owner.id,
      role: CircleRole.OWNER,
      memberCount: 1,
    });
    expect((await owner.circles.getCircle({ circleId: circle!.id })).circle).toEqual(circle);
    expect(await memberIds(owner, circle!.id)).toEqual([owner.id]);
  });

  test('can be made without a verified e-mail', async () => {
    const unverified = await started.person({ verified: false });
    const circleId = await newCircle(unverified);
    expect(await idsOf(unverified)).toEqual([circleId]);
  });

  test('is made once by one request_id, also when it comes twice at once', async () => {
    const person = await started.person();
    const request = { requestId: newId(), name: 'Once' };
    const answers = await Promise.all([person.circles.createCircle(request), person.circles.createCircle(request)]);
    expect(answers[0].circle!.id).toBe(answers[1].circle!.id);
    expect(await idsOf(person)).toEqual([answers[0].circle!.id]);
    const other = person.circles.createCircle({ ...request, name: 'Another' });
    expect((await refusal(other)).reason).toBe('REQUEST_ID_REUSED');
  });

  test.each(['', ' ', 'ends with a space ', ' begins with one', 'two\nlines', 'bell \u0007', 'x'.repeat(81)])(
    'cannot be called %j',
    async (name) => {
      const { reason, metadata } = await refusal(owner.circles.createCircle({ requestId: newId(), name }));
      expect({ reason, field: metadata?.['field'] }).toEqual({ reason: 'INVALID_FIELD', field: 'name' });
    },
  );

  test.each(['x', 'Žofie & 家族 👁️', 'x'.repeat(80)])('can be called %j', async (name) => {
    expect((await owner.circles.createCircle({ requestId: newId(), name })).circle?.name).toBe(name);
  });

  test('is listed to its members, newest first, page by page', async () => {
    const person = await started.person();
    const made: string[] = [];
    for (const name of ['1', '2', '3']) made.push(await newCircle(person, name));
    const first = await person.circles.listCircles({ pageSize: 2 });
    const second = await person.circles.listCircles({ pageSize: 2, pageToken: first.nextPageToken });
    expect([...first.circles, ...second.circles].map(({ id }) => id)).toEqual(made.toReversed());
    expect(second.nextPageToken).toBe('');
    expect((await refusal(person.circles.listCircles({ pageToken: 'mine' }))).reason).toBe('INVALID_FIELD');
  });

  test('shows its members to each other with masked e-mails, in the order in which they joined', async () => {
    const [boss, ...others] = [
      await started.person({ email: `ada.${newId()}@example.org` }),
      await started.person({ email: `grace.${newId()}@example.com` }),
      await started.person(),
    ] as const;
    const circleId = await newCircle(boss);
    await join(boss, circleId, ...others);
    const { members } = await others[0].circles.listMembers({ circleId });
    expect(members.map(({ userId }) => userId)).toEqual([boss.id, ...others.map(({ id }) => id)]);
    expect(members.slice(0, 2)).toMatchObject([
      { maskedEmail: 'a•••@example.org', role: CircleRole.OWNER },
      { maskedEmail: 'g•••@example.com', role: CircleRole.MEMBER },
    ]);
    expect((await others[0].circles.getCircle({ circleId })).circle).toMatchObject({
      role: CircleRole.MEMBER,
      memberCount: 3,
    });
    const first = await boss.circles.listMembers({ circleId, pageSize: 2 });
    const second = await boss.circles.listMembers({ circleId, pageSize: 2, pageToken: first.nextPageToken });
    expect([...first.members, ...second.members]).toEqual(members);
  });
});

describe('to a stranger a circle does not exist:', () => {
  const calls: readonly [string, (circleId: string) => Promise<unknown>][] = [
    ['GetCircle', (circleId) => stranger.circles.getCircle({ circleId })],
    ['RenameCircle', (circleId) => stranger.circles.renameCircle({ requestId: newId(), circleId, name: 'Mine' })],
    ['DeleteCircle', (circleId) => stranger.circles.deleteCircle({ requestId: newId(), circleId })],
    ['ListMembers', (circleId) => stranger.circles.listMembers({ circleId })],
    ['RemoveMember', (circleId) => stranger.circles.removeMember({ requestId: newId(), circleId, userId: member.id })],
    ['LeaveCircle', (circleId) => stranger.circles.leaveCircle({ requestId: newId(), circleId })],
    [
      'TransferOwnership',
      (circleId) => stranger.circles.transferOwnership({ requestId: newId(), circleId, userId: stranger.id }),
    ],
    ['CreateInvitation', (circleId) => stranger.circles.createInvitation({ requestId: newId(), circleId })],
    ['ListInvitations', (circleId) => stranger.circles.listInvitations({ circleId })],
  ];
  test.each(calls)('%s', async (_, call) => {
    const circleId = await newCircle(owner);
    await join(owner, circleId, member);
    const unknown = newId();
    expect(await refusal(call(circleId))).toEqual(notFound('circle', circleId));
    expect(await refusal(call(unknown))).toEqual(notFound('circle', unknown));
    expect(await memberIds(owner, circleId)).toEqual([owner.id, member.id]);
  });

  test('nor to a former member', async () => {
    const circleId = await newCircle(owner);
    await join(owner, circleId, member);
    await member.circles.leaveCircle({ requestId: newId(), circleId });
    expect(await refusal(member.circles.getCircle({ circleId }))).toEqual(notFound('circle', circleId));
    expect(await refusal(member.circles.listMembers({ circleId }))).toEqual(notFound('circle', circleId));
    expect(await idsOf(member)).not.toContain(circleId);
  });
});

describe('only the owner', () => {
  const calls: readonly [string, (person: CirclePerson, circleId: string) => Promise<unknown>][] = [
    ['renames', ({ circles }, circleId) => circles.renameCircle({ requestId: newId(), circleId, name: 'Renamed' })],
    ['deletes', ({ circles }, circleId) => circles.deleteCircle({ requestId: newId(), circleId })],
    ['removes', ({ circles }, circleId) => circles.removeMember({ requestId: newId(), circleId, userId: member.id })],
    [
      'hands over',
      ({ circles }, circleId) => circles.transferOwnership({ requestId: newId(), circleId, userId: member.id }),
    ],
    ['invites', ({ circles }, circleId) => circles.createInvitation({ requestId: newId(), circleId })],
    ['sees invitations', ({ circles }, circleId) => circles.listInvitations({ circleId })],
  ];
  test.each(calls)('%s', async (_, call) => {
    const circleId = await newCircle(owner);
    await join(owner, circleId, member);
    expect(await refusal(call(member, circleId))).toEqual(onlyOwner);
    await call(owner, circleId);
  });
});

describe('a membership', () => {
  test('ends by leaving, by removal, and at once', async () => {
    const circleId = await newCircle(owner);
    const [leaves, removed] = (await started.people(2)) as [CirclePerson, CirclePerson];
    await join(owner, circleId, leaves, removed);
    await leaves.circles.leaveCircle({ requestId: newId(), circleId });
    const request = { requestId: newId(), circleId, userId: removed.id };
    await owner.circles.removeMember(request);
    await owner.circles.removeMember(request);
    expect(await memberIds(owner, circleId)).toEqual([owner.id]);
    const again = owner.circles.removeMember({ ...request, requestId: newId() });
    expect(await refusal(again)).toEqual(notFound('member', removed.id));
  });

  test('of the owner ends only after handing over', async () => {
    const circleId = await newCircle(owner);
    await join(owner, circleId, member);
    const cannot = {
      code: 'FailedPrecondition',
      reason: 'OWNER_CANNOT_LEAVE',
      metadata: { circle_id: circleId },
    };
    const leave = () => owner.circles.leaveCircle({ requestId: newId(), circleId });
    expect(await refusal(leave())).toEqual(cannot);
    const removeSelf = owner.circles.removeMember({ requestId: newId(), circleId, userId: owner.id });
    expect(await refusal(removeSelf)).toEqual(cannot);

    const toStranger = owner.circles.transferOwnership({ requestId: newId(), circleId, userId: stranger.id });
    expect(await refusal(toStranger)).toEqual(notFound('member', stranger.id));
    const { circle } = await owner.circles.transferOwnership({ requestId: newId(), circleId, userId: member.id });
    expect(circle).toMatchObject({ ownerId: member.id, role: CircleRole.MEMBER });
    await leave();
    expect(await memberIds(member, circleId)).toEqual([member.id]);
    expect(await refusal(member.circles.leaveCircle({ requestId: newId(), circleId }))).toEqual(cannot);
  });

  test('of the owner cannot end even past the code: the database refuses', async () => {
    const circleId = await newCircle(owner);
    const bare = started.db.deleteFrom('circle_members').where('circle_id', '=', circleId).execute();
    await expect(bare).rejects.toThrow('owner_is_member');
  });

  test('ends with its circle, and a circle with the account of its owner', async () => {
    const [boss, other] = (await started.people(2)) as [CirclePerson, CirclePerson];
    const [deleted, orphaned] = [await newCircle(boss), await newCircle(boss)];
    for (const circleId of [deleted, orphaned]) await join(boss, circleId, other);
    const request = { requestId: newId(), circleId: deleted };
    await boss.circles.deleteCircle(request);
    await boss.circles.deleteCircle(request);
    expect(await idsOf(other)).toEqual([orphaned]);
    await started.db.deleteFrom('users').where('id', '=', boss.id).execute();
    expect(await idsOf(other)).toEqual([]);
  });
});

describe('bounds hold for calls at the same time', () => {
  let bounded: StartedCircles;
  beforeAll(async () => {
    bounded = await startCircles({ IRISVUE_CIRCLES_PER_OWNER: '2' });
  });
  afterAll(() => bounded?.[Symbol.asyncDispose]());
  const full = {
    code: 'FailedPrecondition',
    reason: 'CIRCLE_LIMIT_REACHED',
    metadata: { resource: 'circle', limit: '2' },
  };

  test('when circles are made', async () => {
    const person = await bounded.person();
    const calls = await Promise.allSettled(Array.from({ length: 40 }, () => newCircle(person)));
    expect(calls.filter((call) => call.status === 'fulfilled')).toHaveLength(2);
    expect(await refusal(newCircle(person))).toEqual(full);
  });

  test('when circles are handed over', async () => {
    const [to, ...from] = (await bounded.people(4)) as [CirclePerson, ...CirclePerson[]];
    const handOvers = await Promise.all(
      from.map(async (boss) => {
        const circleId = await newCircle(boss);
        await join(boss, circleId, to);
        return () => boss.circles.transferOwnership({ requestId: newId(), circleId, userId: to.id });
      }),
    );
    const calls = await Promise.allSettled(handOvers.map((handOver) => handOver()));
    const refused = calls.filter((call) => call.status === 'rejected');
    expect(refused).toHaveLength(1);
    expect(await refusal(Promise.reject(refused[0]!.reason))).toEqual(full);
  });
});
