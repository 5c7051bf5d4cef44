import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type Client, Code, ConnectError, createClient, type Interceptor, type Transport } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { IdentityService, type SessionTokens } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { v7 as uuidv7 } from 'uuid';
import { type LocalAccount, readAccount, writeAccount } from './account/account-file.ts';
import { renewEarlyMs, sessionToken, toStored } from './account/session-token.ts';

/** A signed-in user of one gateway. */
export interface Account {
  readonly userId: string;
  readonly email: string;
  /** Every call through it carries a valid access token. */
  readonly transport: Transport;
}

/** What the list of sessions calls this command. */
export const clientName = `irisvue on ${hostname()}`.slice(0, 100);

/**
 * Signs in to the gateway with the account of `home/account.json`: the session that `irisvue account sign-in` left
 * there, or a local account that is made when there is none, or when the mesh does not know it (its data were removed).
 * @throws ConnectError when the gateway cannot be reached or refuses; Error when the session has ended.
 */
export async function signIn(gatewayUrl: string, home: string): Promise<Account> {
  const stored = await readAccount(home);
  if (stored && 'session' in stored) return await personAccount(gatewayUrl, home);
  const account = stored ?? (await newLocalAccount(home));
  return await localAccount(gatewayUrl, account, stored === undefined);
}

/** Identity, for calls that need no token. */
export function identityClient(gatewayUrl: string): Client<typeof IdentityService> {
  return createClient(IdentityService, plainTransport(gatewayUrl));
}

async function personAccount(gatewayUrl: string, home: string): Promise<Account> {
  const identity = identityClient(gatewayUrl);
  const transport = plainTransport(gatewayUrl, [bearer(() => sessionToken(identity, home))]);
  const { user } = await createClient(IdentityService, transport).getUser({});
  if (!user) throw new Error('the gateway answered without an account');
  return { userId: user.id, email: user.email, transport };
}

async function localAccount(gatewayUrl: string, account: LocalAccount, isNew: boolean): Promise<Account> {
  const identity = identityClient(gatewayUrl);
  const { user, tokens } = await (isNew ? signUp(identity, account) : openSession(identity, account));
  if (!user || !tokens) throw new Error('the gateway answered a sign-in without a session');

  let session = tokens;
  const token = async (): Promise<string> => {
    const { accessExpireTime } = toStored(session);
    if (Date.parse(accessExpireTime) - Date.now() < renewEarlyMs) session = await renew(identity, account, session);
    return session.accessToken;
  };
  return { userId: user.id, email: user.email, transport: plainTransport(gatewayUrl, [bearer(token)]) };
}

/** To a gateway; without a token, unless an interceptor brings one. */
export function plainTransport(baseUrl: string, interceptors: Interceptor[] = []): Transport {
  return createConnectTransport({ baseUrl, httpVersion: '1.1', interceptors });
}

function bearer(token: () => Promise<string>): Interceptor {
  return (next) => async (request) => {
    request.header.set('authorization', `Bearer ${await token()}`);
    return next(request);
  };
}

async function openSession(identity: Client<typeof IdentityService>, account: LocalAccount) {
  try {
    return await identity.createSession({ ...account, clientName });
  } catch (error) {
    if (ConnectError.from(error).code !== Code.Unauthenticated) throw error;
    return await signUp(identity, account);
  }
}

function signUp(identity: Client<typeof IdentityService>, account: LocalAccount) {
  return identity.createUser({ requestId: uuidv7(), ...account, clientName });
}

async function renew(
  identity: Client<typeof IdentityService>,
  account: LocalAccount,
  old: SessionTokens,
): Promise<SessionTokens> {
  const answer = await identity
    .refreshSession({ refreshToken: old.refreshToken })
    .catch(() => identity.createSession({ ...account, clientName }));
  if (!answer.tokens) throw new Error('the gateway renewed a session without tokens');
  return answer.tokens;
}

async function newLocalAccount(home: string): Promise<LocalAccount> {
  const account = {
    email: `local-${randomBytes(4).toString('hex')}@irisvue.example`,
    password: randomBytes(24).toString('base64url'),
  };
  await writeAccount(home, account);
  return account;
}
