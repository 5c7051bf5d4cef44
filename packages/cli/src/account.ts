import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Client, Code, ConnectError, createClient, type Interceptor, type Transport } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { IdentityService, type SessionTokens } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { v7 as uuidv7 } from 'uuid';

/** A local account, made on first use and kept readable by its owner alone. */
interface StoredAccount {
  readonly email: string;
  readonly password: string;
}

/** A signed-in user of one gateway. */
export interface Account {
  readonly userId: string;
  readonly email: string;
  /** Every call through it carries a valid access token. */
  readonly transport: Transport;
}

/** A token is renewed this long before it ends, so that none ends on its way. */
const renewEarlyMs = 60_000;

/**
 * Signs in to the gateway with the account stored in `home/account.json`; makes one when there is none,
 * or when the mesh does not know it (its data were removed).
 * @throws ConnectError when the gateway cannot be reached or refuses.
 */
export async function signIn(gatewayUrl: string, home: string): Promise<Account> {
  const identity = createClient(IdentityService, plainTransport(gatewayUrl));
  const stored = await storedAccount(join(home, 'account.json'));
  const { user, tokens } = await openSession(identity, stored);
  if (!user || !tokens) throw new Error('the gateway answered a sign-in without a session');

  let session = tokens;
  const token = async (): Promise<string> => {
    if (endsAt(session) - Date.now() < renewEarlyMs) session = await renew(identity, stored, session);
    return session.accessToken;
  };
  return { userId: user.id, email: user.email, transport: plainTransport(gatewayUrl, [bearer(token)]) };
}

function plainTransport(baseUrl: string, interceptors: Interceptor[] = []): Transport {
  return createConnectTransport({ baseUrl, httpVersion: '1.1', interceptors });
}

function bearer(token: () => Promise<string>): Interceptor {
  return (next) => async (request) => {
    request.header.set('authorization', `Bearer ${await token()}`);
    return next(request);
  };
}

function endsAt(tokens: SessionTokens): number {
  return Number(tokens.accessExpireTime?.seconds ?? 0n) * 1000;
}

async function openSession(identity: Client<typeof IdentityService>, account: StoredAccount) {
  try {
    return await identity.createSession(account);
  } catch (error) {
    if (ConnectError.from(error).code !== Code.Unauthenticated) throw error;
    return await identity.createUser({ requestId: uuidv7(), ...account });
  }
}

async function renew(
  identity: Client<typeof IdentityService>,
  account: StoredAccount,
  old: SessionTokens,
): Promise<SessionTokens> {
  const answer = await identity
    .refreshSession({ refreshToken: old.refreshToken })
    .catch(() => identity.createSession(account));
  if (!answer.tokens) throw new Error('the gateway renewed a session without tokens');
  return answer.tokens;
}

async function storedAccount(path: string): Promise<StoredAccount> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as StoredAccount;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const account = {
    email: `local-${randomBytes(4).toString('hex')}@irisvue.example`,
    password: randomBytes(24).toString('base64url'),
  };
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(account, null, 2)}\n`, { mode: 0o600 });
  return account;
}
