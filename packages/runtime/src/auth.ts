import type { DescMethod } from '@bufbuild/protobuf';
import { createContextKey, type HandlerContext, type Interceptor } from '@connectrpc/connect';
import { type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Clock } from './clock.ts';
import { DomainError, ErrorReason } from './errors.ts';
import { remoteKeys, rethrowIfUnreachable } from './remote-keys.ts';

/** Who calls: a user with a session, or one of our own services. */
export type Caller =
  | {
      readonly kind: 'user';
      readonly userId: string;
      readonly sessionId: string;
      readonly expiresAt: Date;
      /** Present for an operator of the mesh only. */
      readonly role?: 'operator';
    }
  | { readonly kind: 'service'; readonly service: string };

export type UserCaller = Extract<Caller, { kind: 'user' }>;
export type ServiceCaller = Extract<Caller, { kind: 'service' }>;

/** Issuer of user and service tokens. */
export const TOKEN_ISSUER = 'irisvue-identity';
/** Life of a user's access token. */
export const ACCESS_TOKEN_MS = 30 * 60_000;
/** Audience of a user's access token. */
export const USER_AUDIENCE = 'irisvue';
/** Audience of a service token. */
export const SERVICE_AUDIENCE = 'irisvue-internal';
/** The one signature algorithm that is accepted: Ed25519 (RFC 8037). */
export const TOKEN_ALGORITHM = 'EdDSA';

const SERVICE_SUBJECT = 'service:';
const BEARER = /^Bearer +(\S+)$/i;
// What anybody may ask of any server: is it well, and what does it speak.
const OPEN_SERVICES = new Set([
  'grpc.health.v1.Health',
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
]);

const callerKey = createContextKey<Caller | undefined>(undefined, { description: 'caller' });

export interface AuthOptions {
  readonly clock: Clock;
  /** Base URL of identity, whose JWKS is fetched and cached. Not needed when `keys` is given. */
  readonly identityUrl?: string;
  /** Finds the key of a token instead: identity itself verifies with the keys it holds. */
  readonly keys?: JWTVerifyGetKey;
  /** Methods that need no token. A token that is sent to them all the same is not looked at. */
  readonly open?: readonly DescMethod[];
  /** Whether a session has ended before its access token did. Without it a token is good until it expires. */
  readonly isEnded?: (sessionId: string) => boolean | Promise<boolean>;
  /** Kinds of token that are accepted; the default is both. */
  readonly accept?: readonly Caller['kind'][];
}

/**
 * Lets a call through only with a valid token of identity; default deny. Open are the methods in `open`, gRPC health
 * and reflection. TOKEN_INVALID for a missing, malformed, expired or forged token, one for another audience and one
 * whose session has ended; DEPENDENCY_DOWN when the keys cannot be had.
 */
export function authInterceptor(o: AuthOptions): Interceptor {
  const verify = tokenVerifier(o);
  const open = new Set((o.open ?? []).map(methodPath));
  return (next) => async (request) => {
    if (!OPEN_SERVICES.has(request.service.typeName) && !open.has(methodPath(request.method))) {
      request.contextValues.set(callerKey, await verify(request.header.get('Authorization')));
    }
    return next(request);
  };
}

/** Verifies the value of an Authorization header; for plain HTTP paths beside the RPCs. Errors as authInterceptor. */
export function tokenVerifier(o: AuthOptions): (authorization: string | null) => Promise<Caller> {
  const keys = o.keys ?? remoteKeys(required(o.identityUrl));
  const accept = o.accept ?? ['user', 'service'];
  return async (authorization) => {
    const token = BEARER.exec(authorization ?? '')?.[1];
    if (token === undefined) {
      throw new DomainError(ErrorReason.TOKEN_INVALID, 'a bearer token is needed');
    }
    const caller = callerOf(await payloadOf(token, keys, o.clock));
    if (caller === undefined || !accept.includes(caller.kind)) {
      throw new DomainError(ErrorReason.TOKEN_INVALID, 'the token is not for this audience');
    }
    if (caller.kind === 'user' && (await o.isEnded?.(caller.sessionId))) {
      throw new DomainError(ErrorReason.TOKEN_INVALID, 'the session has ended');
    }
    return caller;
  };
}

/** The user who calls. NOT_ALLOWED when a service calls; TOKEN_INVALID when nobody is known. */
export function requireUser(context: HandlerContext): UserCaller {
  const caller = requireCaller(context);
  if (caller.kind !== 'user') {
    throw new DomainError(ErrorReason.NOT_ALLOWED, 'only a user may call this', { needed: 'user' });
  }
  return caller;
}

/** The operator who calls. NOT_ALLOWED for any other user and for services; TOKEN_INVALID when nobody is known. */
export function requireOperator(context: HandlerContext): UserCaller {
  const caller = requireUser(context);
  if (caller.role !== 'operator') {
    throw new DomainError(ErrorReason.NOT_ALLOWED, 'only an operator may call this', { needed: 'operator' });
  }
  return caller;
}

/** The service that calls; with names, only these. NOT_ALLOWED for anybody else; TOKEN_INVALID when nobody is known. */
export function requireService(context: HandlerContext, ...allowed: readonly string[]): ServiceCaller {
  const caller = requireCaller(context);
  if (caller.kind !== 'service' || (allowed.length > 0 && !allowed.includes(caller.service))) {
    const needed = allowed.length > 0 ? allowed.map((name) => `${SERVICE_SUBJECT}${name}`).join(',') : 'service';
    throw new DomainError(ErrorReason.NOT_ALLOWED, 'only a service of the mesh may call this', { needed });
  }
  return caller;
}

/** Who calls, or undefined on an open method. */
export function callerOfContext(context: Pick<HandlerContext, 'values'>): Caller | undefined {
  return context.values.get(callerKey);
}

function requireCaller(context: HandlerContext): Caller {
  const caller = callerOfContext(context);
  if (caller === undefined) {
    throw new DomainError(ErrorReason.TOKEN_INVALID, 'a bearer token is needed');
  }
  return caller;
}

async function payloadOf(token: string, keys: JWTVerifyGetKey, clock: Clock): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: TOKEN_ISSUER,
      audience: [USER_AUDIENCE, SERVICE_AUDIENCE],
      algorithms: [TOKEN_ALGORITHM],
      requiredClaims: ['sub', 'exp'],
      currentDate: clock.now(),
    });
    return payload;
  } catch (error) {
    rethrowIfUnreachable(error, 'identity');
    throw new DomainError(ErrorReason.TOKEN_INVALID, 'the token is expired or not valid', {}, { cause: error });
  }
}

// A token is of one kind only: its audience is one value, and its subject has the form of that kind.
function callerOf(payload: JWTPayload): Caller | undefined {
  const { aud, sub = '', exp = 0 } = payload;
  if (aud === SERVICE_AUDIENCE && sub.startsWith(SERVICE_SUBJECT)) {
    return { kind: 'service', service: sub.slice(SERVICE_SUBJECT.length) };
  }
  if (aud === USER_AUDIENCE && !sub.startsWith(SERVICE_SUBJECT) && typeof payload['sid'] === 'string') {
    const caller = { kind: 'user', userId: sub, sessionId: payload['sid'], expiresAt: new Date(exp * 1000) } as const;
    return payload['role'] === 'operator' ? { ...caller, role: 'operator' } : caller;
  }
  return undefined;
}

function methodPath(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

function required(identityUrl: string | undefined): string {
  if (identityUrl === undefined) {
    throw new Error('auth needs identityUrl or keys');
  }
  return identityUrl;
}
