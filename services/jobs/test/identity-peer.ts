import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  type ActiveMember,
  ActiveMemberSchema,
  ServiceCircleService,
} from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { newId } from '@irisvue/database';
import {
  createLogger,
  type RunningServer,
  SERVICE_AUDIENCE,
  sendJson,
  serve,
  TOKEN_ISSUER,
  USER_AUDIENCE,
} from '@irisvue/runtime';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

// Longer than a test may move the clock.
const TOKEN_MS = 48 * 3_600_000;
const KEY_ID = 'key-1';

/** A user of a test, with the means to call. */
export interface TestUser {
  readonly id: string;
  readonly sessionId: string;
  readonly token: string;
}

/** Identity as its contract has it: signs tokens, serves keys, knows which sessions are active. */
export interface IdentityPeer extends AsyncDisposable {
  readonly url: string;
  /** A new user with a session whose access token lasts `lifetimeMs`. */
  user(o?: { readonly lifetimeMs?: number }): Promise<TestUser>;
  serviceToken(service: string): Promise<string>;
  endSession(sessionId: string): void;
  /** Begins a membership of a circle, a new one each time. */
  join(circleId: string, ...userIds: readonly string[]): void;
  leave(circleId: string, userId: string): void;
  /** How often somebody asked about members. */
  readonly memberQuestions: () => number;
  /** Users who were sent a mail, in order; a repeat of a request is not sent again. */
  readonly mailedTo: readonly string[];
  /** Called before a mail is taken over; a test may throw in it. */
  beforeMail: (userId: string) => void;
  /** Ends it as a crash would. */
  stop(): Promise<void>;
  /** How often a session was asked about. */
  readonly sessionChecks: () => number;
}

export async function startIdentityPeer(): Promise<IdentityPeer> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const jwk = { ...(await exportJWK(publicKey)), kid: KEY_ID, alg: 'EdDSA', use: 'sig' };
  const ended = new Set<string>();
  let checks = 0;
  let memberQuestions = 0;
  const mailed = new Set<string>();
  const mailedTo: string[] = [];
  const members = new Map<string, ActiveMember[]>();
  const membersOf = (circleId: string) => {
    memberQuestions += 1;
    return members.get(circleId) ?? [];
  };
  const sign = (claims: Record<string, unknown>, audience: string, subject: string, lifetimeMs = TOKEN_MS) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', kid: KEY_ID })
      .setIssuer(TOKEN_ISSUER)
      .setAudience(audience)
      .setSubject(subject)
      .setExpirationTime(new Date(Date.now() + lifetimeMs))
      .sign(privateKey);
  const serviceToken = (service: string) => sign({}, SERVICE_AUDIENCE, `service:${service}`);
  const server: RunningServer = await serve({
    name: 'identity',
    host: '127.0.0.1',
    port: 0,
    logger: createLogger({ service: 'identity', level: 'silent' }),
    readiness: {},
    http: (request, response) => {
      if (request.url !== '/.well-known/jwks.json') return false;
      sendJson(response, 200, { keys: [jwk] });
      return true;
    },
    routes: (router) => {
      router.service(ServiceCircleService, {
        listActiveMembers: ({ circleId }) => ({ members: membersOf(circleId) }),
        checkMembership: ({ circleId, userId }) => ({
          member: membersOf(circleId).find((member) => member.userId === userId),
        }),
      });
      router.service(ServiceIdentityService, {
        createServiceToken: async ({ service }) => ({
          token: await serviceToken(service),
          expireTime: timestampFromDate(new Date(Date.now() + TOKEN_MS)),
        }),
        checkSession: ({ sessionId }) => {
          checks += 1;
          return { active: !ended.has(sessionId) };
        },
        sendMail: ({ requestId, userId }) => {
          peer.beforeMail(userId);
          if (!mailed.has(requestId)) mailedTo.push(userId);
          mailed.add(requestId);
          return { mailId: requestId };
        },
      });
    },
  });
  const peer: IdentityPeer = {
    url: server.url,
    mailedTo,
    beforeMail: () => {},
    async user(o = {}) {
      const [id, sessionId] = [newId(), newId()];
      return { id, sessionId, token: await sign({ sid: sessionId }, USER_AUDIENCE, id, o.lifetimeMs) };
    },
    serviceToken,
    endSession: (sessionId) => ended.add(sessionId),
    sessionChecks: () => checks,
    join(circleId, ...userIds) {
      const joining = userIds.map((userId) => create(ActiveMemberSchema, { userId, membershipId: newId() }));
      members.set(circleId, [...(members.get(circleId) ?? []), ...joining]);
    },
    leave(circleId, userId) {
      members.set(circleId, members.get(circleId)?.filter((member) => member.userId !== userId) ?? []);
    },
    memberQuestions: () => memberQuestions,
    async stop() {
      await server[Symbol.asyncDispose]();
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return peer;
}
