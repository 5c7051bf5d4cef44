import { CircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import type { AuditRecorded } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { AuditAction, AuditOutcome, AuditRecordedSchema } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { newId } from '@irisvue/database';
import { connectEvents, consumeEvents, handler } from '@irisvue/events';
import { createLogger, createServiceClient } from '@irisvue/runtime';
import { until } from '@irisvue/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { refusal } from './refusal.ts';
import { PASSWORD, type StartedIdentity, startIdentity } from './started-identity.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const told: AuditRecorded[] = [];
const stopping = new AbortController();
let identity: StartedIdentity;
let bus: Awaited<ReturnType<typeof connectEvents>>;
let consuming: Promise<void>;

beforeAll(async () => {
  identity = await startIdentity({ IRISVUE_NATS_URL: inject('natsUrl'), IRISVUE_FREE_TRIES_PER_ACCOUNT: '2' });
  bus = await connectEvents({ url: inject('natsUrl'), name: 'test', logger });
  consuming = consumeEvents({
    bus,
    durable: `identity-test-${newId()}`,
    on: [handler(AuditRecordedSchema, async (event) => void told.push(event))],
    logger,
    signal: stopping.signal,
  });
});
afterAll(async () => {
  stopping.abort();
  await consuming;
  await bus[Symbol.asyncDispose]();
  await identity[Symbol.asyncDispose]();
});

const toldOf = (userId: string, action: AuditAction) =>
  told.filter((event) => event.action === action && event.subjects.some(({ id }) => id === userId));
const untilTold = (userId: string, action: AuditAction, count: number) =>
  until(async () => toldOf(userId, action).length >= count, { what: `that ${AuditAction[action as never]} is told` });

test('a sign-in is told, with its session, and nothing of the e-mail', async () => {
  const { user, email } = await identity.signUp();
  await identity.users().createSession({ email, password: PASSWORD });
  await untilTold(user.id, AuditAction.SIGNED_IN, 2);
  for (const event of toldOf(user.id, AuditAction.SIGNED_IN)) {
    expect(event).toMatchObject({ service: 'identity', outcome: AuditOutcome.DONE, resources: [{ type: 'session' }] });
    expect(event.actor).toEqual({ case: 'userId', value: user.id });
  }
  expect(JSON.stringify(told, (_, value) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(email);
});

test('a burst of failed sign-ins is told, not each of them, by nobody who is known', async () => {
  const { user, email } = await identity.signUp();
  for (let count = 0; count < 20; count += 1) {
    await refusal(identity.users().createSession({ email, password: 'wrong' }));
  }
  await untilTold(user.id, AuditAction.SIGN_INS_FAILED, 1);
  // Told after the burst, and so published after all that it could have caused.
  await identity.signUp().then(({ user: later }) => untilTold(later.id, AuditAction.SIGNED_IN, 1));
  const bursts = toldOf(user.id, AuditAction.SIGN_INS_FAILED);
  expect(bursts.length).toBeLessThanOrEqual(2);
  expect(bursts[0]).toMatchObject({ outcome: AuditOutcome.REFUSED, actor: { case: undefined } });
});

test('who joins a circle and who leaves it is told, and by whom a member is removed', async () => {
  const circlesOf = (token: string) =>
    createServiceClient(CircleService, { url: identity.url, token: async () => token });
  const people = await Promise.all([1, 2, 3].map(() => identity.signUpVerified()));
  const [owner, leaver, removed] = people.map(({ user, tokens }) => ({
    id: user.id,
    circles: circlesOf(tokens.accessToken),
  }));
  const { circle } = await owner!.circles.createCircle({ requestId: newId(), name: 'Family' });
  const circleId = circle!.id;
  const { token } = await owner!.circles.createInvitation({ requestId: newId(), circleId, uses: 2 });
  for (const guest of [leaver!, removed!]) await guest.circles.acceptInvitation({ requestId: newId(), token });
  await leaver!.circles.leaveCircle({ requestId: newId(), circleId });
  await owner!.circles.removeMember({ requestId: newId(), circleId, userId: removed!.id });
  for (const [guest, by] of [
    [leaver!, leaver!.id],
    [removed!, owner!.id],
  ] as const) {
    await untilTold(guest.id, AuditAction.CIRCLE_LEFT, 1);
    expect(toldOf(guest.id, AuditAction.CIRCLE_JOINED)).toMatchObject([
      { resources: [{ type: 'circle', id: circleId }] },
    ]);
    expect(toldOf(guest.id, AuditAction.CIRCLE_LEFT)).toMatchObject([{ actor: { case: 'userId', value: by } }]);
  }
});
