import { type Client, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { CircleService, ServiceCircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { newId } from '@irisvue/database';
import type { CirclesDb } from '../../src/circles/schema.ts';
import { PASSWORD, type StartedIdentity, startIdentity } from '../started-identity.ts';

/** A signed-up user who calls CircleService. */
export interface CirclePerson {
  readonly id: string;
  readonly email: string;
  readonly circles: Client<typeof CircleService>;
}

export type StartedCircles = Awaited<ReturnType<typeof startCircles>>;

/** Identity with people who are in circles. Sign-ups from one address are not throttled. */
export async function startCircles(settings: Record<string, string> = {}) {
  const identity: StartedIdentity = await startIdentity({ IRISVUE_FREE_TRIES_PER_ADDRESS: '100000', ...settings });
  const transport = (token?: string) =>
    createConnectTransport({
      baseUrl: identity.url,
      httpVersion: '1.1',
      interceptors: [
        (next) => (request) => {
          if (token !== undefined) request.header.set('Authorization', `Bearer ${token}`);
          return next(request);
        },
      ],
    });
  const person = async (o: { readonly verified?: boolean; readonly email?: string } = {}): Promise<CirclePerson> => {
    const { user, email, tokens } = await identity.signUp(o.email);
    if (o.verified !== false) {
      await identity.db.updateTable('users').set({ verified: true }).where('id', '=', user.id).execute();
    }
    return { id: user.id, email, circles: createClient(CircleService, transport(tokens.accessToken)) };
  };
  return {
    identity,
    db: identity.db as unknown as CirclesDb,
    /** A new user, with a verified e-mail unless told otherwise. */
    person,
    /** The same user with a fresh session, after the clock has moved past the end of the access token. */
    async again({ id, email }: CirclePerson): Promise<CirclePerson> {
      const { tokens } = await identity.users().createSession({ email, password: PASSWORD });
      return { id, email, circles: createClient(CircleService, transport(tokens!.accessToken)) };
    },
    people: (count: number) => Promise.all(Array.from({ length: count }, () => person())),
    callers: (token?: string) => createClient(CircleService, transport(token)),
    services: (token?: string) => createClient(ServiceCircleService, transport(token)),
    [Symbol.asyncDispose]: () => identity[Symbol.asyncDispose](),
  };
}

/** Makes a circle. @returns its id. */
export async function newCircle(owner: CirclePerson, name = 'Family'): Promise<string> {
  return (await owner.circles.createCircle({ requestId: newId(), name })).circle!.id;
}

/** Makes an invitation. @returns its token. */
export async function invite(owner: CirclePerson, circleId: string, uses = 1): Promise<string> {
  return (await owner.circles.createInvitation({ requestId: newId(), circleId, uses })).token;
}

/** Joins by a token. */
export async function accept(person: CirclePerson, token: string) {
  return await person.circles.acceptInvitation({ requestId: newId(), token });
}

/** Lets people into a circle. */
export async function join(owner: CirclePerson, circleId: string, ...people: readonly CirclePerson[]): Promise<void> {
  const token = await invite(owner, circleId, people.length);
  for (const person of people) await accept(person, token);
}

/** Ids of a circle's members. */
export async function memberIds(person: CirclePerson, circleId: string): Promise<string[]> {
  const { members } = await person.circles.listMembers({ circleId, pageSize: 250 });
  return members.map((member) => member.userId);
}
