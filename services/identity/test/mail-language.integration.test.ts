import { Provider } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { newId } from '@irisvue/database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLIENT_ID, type OpenIdProvider, startOpenIdProvider } from './openid-provider.ts';
import { PASSWORD, type StartedIdentity, startIdentity } from './started-identity.ts';

let identity: StartedIdentity;
let google: OpenIdProvider;
beforeAll(async () => {
  google = await startOpenIdProvider();
  identity = await startIdentity({
    IRISVUE_GOOGLE_ISSUER: google.issuer,
    IRISVUE_GOOGLE_CLIENT_IDS: CLIENT_ID,
  });
});
afterAll(async () => {
  await identity[Symbol.asyncDispose]();
  await google[Symbol.asyncDispose]();
});

const subjects = { en: /^Verify your e-mail/, de: /^Bestätigen Sie Ihre E-Mail/ } as const;

test.each([
  ['', undefined, 'en'],
  ['', 'de-AT, en;q=0.5', 'de'],
  ['', 'fr', 'en'],
  ['de-CH', 'en', 'de'],
  ['en', 'de', 'en'],
  ['fr', 'de', 'de'],
] as const)(
  'an account made with language "%s" and Accept-Language %s gets its mails in %s',
  async (asked, header, is) => {
    const email = `${newId()}@example.org`;
    const headers = header === undefined ? undefined : { 'accept-language': header };
    const request = { requestId: newId(), email, password: PASSWORD, language: asked };
    const { user } = await identity.users().createUser(request, { headers });
    expect(user!.language).toBe(is);
    await identity.inbox.take(email, subjects[is]);
  },
);

test('what follows is in the account’s language, whoever asks for it', async () => {
  const email = `${newId()}@example.org`;
  await identity.users().createUser({ requestId: newId(), email, password: PASSWORD, language: 'de' });
  const headers = { 'accept-language': 'en' };
  await identity.users().sendPasswordReset({ requestId: newId(), email }, { headers });
  const mail = await identity.inbox.take(email, /^Setzen Sie ein neues Passwort/);
  expect(mail.text).toMatch(/er gilt einmal, und eine Stunde lang:\s+http\S+\/account\/reset-password#[\w-]{43}\s/);
});

test('an account that a provider’s sign-in makes has the language of that call', async () => {
  const { nonce } = await identity.users().createProviderNonce({});
  const sub = newId();
  const idToken = await google.idToken({ sub, email: `${sub}@example.org`, email_verified: true }, { nonce });
  const request = { requestId: newId(), provider: Provider.GOOGLE, idToken, nonce };
  const headers = { 'accept-language': 'de' };
  const { user } = await identity.users().createProviderSession(request, { headers });
  expect(user!.language).toBe('de');
});
