import { fromBinary } from '@bufbuild/protobuf';
import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { SessionsEndedSchema } from '@irisvue/contracts/irisvue/identity/v1/events';
import { Role } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { SubjectDataService } from '@irisvue/contracts/irisvue/privacy/v1/subject_data_service';
import { newId } from '@irisvue/database';
import type { OutboxTable } from '@irisvue/events';
import { createServiceClient } from '@irisvue/runtime';
import { decodeJwt } from 'jose';
import type { Kysely } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal } from './refusal.ts';
import { PASSWORD, type StartedIdentity, startIdentity } from './started-identity.ts';

// Without NATS: what is told stays in the outbox, to be looked at.
let identity: StartedIdentity;
beforeAll(async () => {
  identity = await startIdentity({ IRISVUE_NATS_URL: 'nats://127.0.0.1:1' });
});
afterAll(() => identity[Symbol.asyncDispose]());

const signIn = async (email: string) => (await identity.users().createSession({ email, password: PASSWORD })).tokens!;
const sessionIdOf = (accessToken: string) => String(decodeJwt(accessToken)['sid']);

/** How often each session was told to have ended. */
async function told(): Promise<Map<string, number>> {
  const db = identity.db as unknown as Kysely<{ outbox: OutboxTable }>;
  const rows = await db
    .selectFrom('outbox')
    .select('body')
    .where('subject', '=', `events.${SessionsEndedSchema.typeName}`)
    .execute();
  const counts = new Map<string, number>();
  for (const { sessionIds } of rows.map(({ body }) => fromBinary(SessionsEndedSchema, body))) {
    for (const id of sessionIds) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** Somebody with two sessions that stand. */
async function twice() {
  const { email, user, tokens } = await identity.signUpVerified();
  const other = await signIn(email);
  return {
    email,
    user,
    one: tokens,
    two: other,
    idOne: sessionIdOf(tokens.accessToken),
    idTwo: sessionIdOf(other.accessToken),
  };
}
type Twice = Awaited<ReturnType<typeof twice>>;

const request = () => ({ requestId: newId() });

/** Every way in which sessions end, and which of the two it ends. */
const endings: [string, (o: Twice) => Promise<unknown>, ends: ('idOne' | 'idTwo')[]][] = [
  ['signing out', ({ one }) => identity.users(one.accessToken).deleteSession({}), ['idOne']],
  [
    'revoking one',
    ({ one, idTwo }) => identity.users(one.accessToken).revokeSession({ ...request(), sessionId: idTwo }),
    ['idTwo'],
  ],
  ['revoking all others', ({ one }) => identity.users(one.accessToken).revokeOtherSessions(request()), ['idTwo']],
  [
    'another password',
    ({ one }) => {
      const change = { ...request(), currentPassword: PASSWORD, password: 'quite another password' };
      return identity.users(one.accessToken).changePassword(change);
    },
    ['idTwo'],
  ],
  [
    'a refresh token that comes twice',
    async ({ two }) => {
      await identity.users().refreshSession({ refreshToken: two.refreshToken });
      await refusal(identity.users().refreshSession({ refreshToken: two.refreshToken }));
    },
    ['idTwo'],
  ],
  [
    'another role',
    async ({ email }) => {
      const services = identity.services(await identity.serviceToken('command'));
      await services.setRole({ email, role: Role.OPERATOR });
    },
    ['idOne', 'idTwo'],
  ],
  [
    'an erasure',
    async ({ user }) => {
      const token = await identity.serviceToken('consent');
      const data = createServiceClient(SubjectDataService, { url: identity.url, token: async () => token });
      await data.blockSubject({ subject: { id: user.id, kind: SubjectKind.SELF }, erasureId: newId() });
    },
    ['idOne', 'idTwo'],
  ],
];

test.each(endings)('%s tells which sessions ended, once, and identity refuses their tokens', async (_, end, ends) => {
  const person = await twice();
  await end(person);
  const counts = await told();
  for (const id of ['idOne', 'idTwo'] as const) expect(counts.get(person[id]) ?? 0, id).toBe(ends.includes(id) ? 1 : 0);
  for (const [id, { accessToken }] of [
    ['idOne', person.one],
    ['idTwo', person.two],
  ] as const) {
    const circles = identity.circles(accessToken).listCircles({});
    if (ends.includes(id)) expect((await refusal(circles)).reason, id).toBe('TOKEN_INVALID');
    else await circles;
  }
});
