import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider, { type ClientMetadata } from 'oidc-provider';

/** Who signs in at the provider, as it knows them. */
export interface ProviderPerson {
  readonly sub: string;
  readonly email?: string;
  readonly email_verified?: boolean | string;
}

/** A real OpenID provider of a test's own, with people of its own. */
export interface OpenIdProvider extends AsyncDisposable {
  readonly issuer: string;
  /** How often its keys were fetched. */
  keyFetches(): number;
  /** Walks a person through its pages, as a browser would, and gives the id_token that comes out. */
  idToken(person: ProviderPerson, o: { readonly nonce?: string; readonly clientId?: string }): Promise<string>;
  /** Signs with a new key from now on, and publishes no other. */
  rotateKeys(): Promise<void>;
  /** Ends it as an outage would. */
  kill(): Promise<void>;
  startAgain(): Promise<void>;
}

export const CLIENT_ID = 'irisvue-tests';
export const OTHER_CLIENT_ID = 'somebody-else';
/** How long an id_token, and all else of the provider's, lives. */
export const LIFE_SECONDS = 3_600;
const REDIRECT = 'https://client.example/back';

export async function startOpenIdProvider(): Promise<OpenIdProvider> {
  const people = new Map<string, ProviderPerson>();
  let keyFetches = 0;
  const server = createServer();
  await listening(server, 0);
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const freshAnswer = async () => providerOf(issuer, people, await newKey()).callback();
  let answer = await freshAnswer();
  server.on('request', (request, response) => {
    if (request.url === '/jwks') keyFetches++;
    void answer(request, response);
  });
  const kill = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    issuer,
    keyFetches: () => keyFetches,
    async idToken(person, { nonce, clientId = CLIENT_ID }) {
      people.set(person.sub, person);
      return new Browser(issuer).signIn(person.sub, clientId, nonce);
    },
    async rotateKeys() {
      answer = await freshAnswer();
    },
    kill,
    startAgain: () => listening(server, port),
    [Symbol.asyncDispose]: kill,
  };
}

async function listening(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: randomUUID(), use: 'sig', alg: 'RS256' };
}

function providerOf(issuer: string, people: ReadonlyMap<string, ProviderPerson>, key: JWK): Provider {
  const client = (client_id: string): ClientMetadata => ({
    client_id,
    token_endpoint_auth_method: 'none',
    grant_types: ['implicit'],
    response_types: ['id_token'],
    redirect_uris: [REDIRECT],
  });
  return new Provider(issuer, {
    clients: [client(CLIENT_ID), client(OTHER_CLIENT_ID)],
    responseTypes: ['id_token'],
    conformIdTokenClaims: false,
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    cookies: { keys: ['of the tests'] },
    jwks: { keys: [key] },
    ttl: { Interaction: LIFE_SECONDS, Session: LIFE_SECONDS, Grant: LIFE_SECONDS, IdToken: LIFE_SECONDS },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ ...people.get(id), sub: id }) }),
  });
}

/** What a browser does between a click on "sign in" and the page that gets the token: cookies, redirects, two forms. */
class Browser {
  readonly #issuer: string;
  readonly #cookies = new Map<string, string>();

  constructor(issuer: string) {
    this.#issuer = issuer;
  }

  async signIn(login: string, clientId: string, nonce?: string): Promise<string> {
    const query = new URLSearchParams({
      client_id: clientId,
      response_type: 'id_token',
      redirect_uri: REDIRECT,
      scope: 'openid email',
      ...(nonce !== undefined && { nonce }),
    });
    let at = await this.#follow(`${this.#issuer}/auth?${query}`);
    for (const form of [
      { prompt: 'login', login, password: 'any' },
      { prompt: 'consent', login: '', password: '' },
    ]) {
      if (at.startsWith(REDIRECT)) break;
      at = await this.#follow(at, new URLSearchParams(form));
    }
    const back = new URLSearchParams(new URL(at).hash.slice(1));
    const token = back.get('id_token');
    if (token === null) throw new Error(`the provider gave no id_token: ${at}`);
    return token;
  }

  /** Opens a page, or sends a form to it, and follows redirects; gives the address where that ends. */
  async #follow(url: string, form?: URLSearchParams): Promise<string> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(form && { method: 'POST', body: form }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      this.#cookies.set(name!, value!);
    }
    const location = response.headers.get('location');
    if (location === null) return url;
    const next = new URL(location, url).href;
    return next.startsWith(REDIRECT) ? next : this.#follow(next);
  }
}
