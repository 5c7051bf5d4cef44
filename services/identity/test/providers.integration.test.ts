import { createHash } from 'node:crypto';
import { Provider } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { newId } from '@irisvue/database';
import { until } from '@irisvue/testing';
import { decodeJwt, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tokenIn } from './inbox.ts';
import {
  CLIENT_ID,
  LIFE_SECONDS,
  type OpenIdProvider,
  OTHER_CLIENT_ID,
  type ProviderPerson,
  startOpenIdProvider,
} from './openid-provider.ts';
import { refusal } from './refusal.ts';
import { PASSWORD, type StartedIdentity, startIdentity } from './started-identity.ts';

const MINUTE_MS = 60_000;

let identity: StartedIdentity;
let google: OpenIdProvider;
let apple: OpenIdProvider;
beforeAll(async () => {
  [google, apple] = await Promise.all([startOpenIdProvider(), startOpenIdProvider()]);
  identity = await startIdentity({
    IRISVUE_GOOGLE_ISSUER: google.issuer,
    IRISVUE_GOOGLE_CLIENT_IDS: `an-app, ${CLIENT_ID}`,
    IRISVUE_APPLE_ISSUER: apple.issuer,
    IRISVUE_APPLE_CLIENT_IDS: CLIENT_ID,
  });
});
afterAll(async () => {
  await identity[Symbol.asyncDispose]();
  await google[Symbol.asyncDispose]();
  await apple[Symbol.asyncDispose]();
});

const tokenInvalid = {
  code: 'Unauthenticated',
  reason: 'PROVIDER_TOKEN_INVALID',
  metadata: { provider: 'google' },
};
const newNonce = async () => (await identity.users().createProviderNonce({})).nonce;
const person = (more: Partial<ProviderPerson> = {}): ProviderPerson => {
  const sub = newId();
  return { sub, email: `${sub}@example.org`, email_verified: true, ...more };
};
/** What a client has in hand after the pages of a provider. */
const proofOf = async (who: ProviderPerson, at = google, provider: Provider = Provider.GOOGLE) => {
  const nonce = await newNonce();
  return { requestId: newId(), provider, idToken: await at.idToken(who, { nonce }), nonce };
};
const signIn = (proof: Awaited<ReturnType<typeof proofOf>>) => identity.users().createProviderSession(proof);
const byApple = (who: ProviderPerson) => proofOf(who, apple, Provider.APPLE);

describe('signing in by a provider', () => {
  test('makes an account the first time and finds it ever after, also when the e-mail there changed', async () => {
    const who = person();
    const first = await signIn(await proofOf(who));
    expect(first.created).toBe(true);
    expect(first.user).toMatchObject({
      email: who.email,
      verified: true,
      hasPassword: false,
      providers: [Provider.GOOGLE],
    });
    expect((await identity.users(first.tokens!.accessToken).getUser({})).user).toEqual(first.user);

    const again = await signIn(await proofOf({ ...who, email: `new.${who.email}` }));
    expect(again.created).toBe(false);
    expect(again.user).toEqual(first.user);
  });

  test('takes a nonce that was hashed on its way, as apps do for Apple', async () => {
    const nonce = await newNonce();
    const hashed = createHash('sha256').update(nonce).digest('hex');
    const idToken = await apple.idToken(person({ email_verified: 'true' }), { nonce: hashed });
    const answer = await signIn({ requestId: newId(), provider: Provider.APPLE, idToken, nonce });
    expect(answer.user?.providers).toEqual([Provider.APPLE]);
  });

  test('the first time, twice at once, makes one account', async () => {
    const who = person();
    const proofs = [await proofOf(who), await proofOf(who), await proofOf(who)];
    const answers = await Promise.all(proofs.map(signIn));
    expect(new Set(answers.map(({ user }) => user?.id)).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
  });

  test('with the same request again gives the same account, and a session of its own', async () => {
    const proof = await proofOf(person());
    const [first, again] = [await signIn(proof), await signIn(proof)];
    expect(again.user).toEqual(first.user);
    expect(again.created).toBe(true);
    expect(again.tokens?.refreshToken).not.toBe(first.tokens?.refreshToken);
  });

  test('of a closed account is refused', async () => {
    const who = person();
    const { user } = await signIn(await proofOf(who));
    await identity.db.updateTable('users').set({ active: false }).where('id', '=', user!.id).execute();
    expect((await refusal(signIn(await proofOf(who)))).reason).toBe('BAD_CREDENTIALS');
  });

  test('is not offered while it is not set up', async () => {
    await using bare = await startIdentity();
    const call = bare.users().createProviderSession(await proofOf(person()));
    expect(await refusal(call)).toEqual({
      code: 'FailedPrecondition',
      reason: 'PROVIDER_NOT_AVAILABLE',
      metadata: { provider: 'google' },
    });
  });
});

describe('an id_token is refused', () => {
  test('with a nonce that is another one, was used, has expired, or that nobody made', async () => {
    const good = await proofOf(person());
    expect(await refusal(signIn({ ...good, nonce: await newNonce() }))).toEqual(tokenInvalid);
    await signIn(good);
    expect(await refusal(signIn({ ...good, requestId: newId() }))).toEqual(tokenInvalid);
    const late = await proofOf(person());
    identity.pass(10 * MINUTE_MS);
    expect(await refusal(signIn(late))).toEqual(tokenInvalid);
    identity.pass(-10 * MINUTE_MS);
    const idToken = await google.idToken(person(), { nonce: 'made up' });
    expect(await refusal(signIn({ ...good, requestId: newId(), idToken, nonce: 'made up' }))).toEqual(tokenInvalid);
  });

  test('by one nonce at the same time but once', async () => {
    const proof = await proofOf(person());
    const calls = await Promise.allSettled(Array.from({ length: 6 }, () => signIn({ ...proof, requestId: newId() })));
    expect(calls.filter((call) => call.status === 'fulfilled')).toHaveLength(1);
  });

  test('for another client of the provider, and from another provider', async () => {
    const nonce = await newNonce();
    const foreign = await google.idToken(person(), { nonce, clientId: OTHER_CLIENT_ID });
    expect(decodeJwt(foreign).aud).toBe(OTHER_CLIENT_ID);
    const request = { requestId: newId(), provider: Provider.GOOGLE, nonce };
    expect(await refusal(signIn({ ...request, idToken: foreign }))).toEqual(tokenInvalid);
    const ofApple = await apple.idToken(person(), { nonce });
    expect(await refusal(signIn({ ...request, idToken: ofApple }))).toEqual(tokenInvalid);
  });

  test('when it has expired', async () => {
    const proof = await proofOf(person());
    identity.pass(LIFE_SECONDS * 1_000 + MINUTE_MS);
    expect(await refusal(signIn(proof))).toEqual(tokenInvalid);
    identity.pass(-LIFE_SECONDS * 1_000 - MINUTE_MS);
  });

  test('when it is forged, unsigned, signed with a public secret, or no token at all', async () => {
    const proof = await proofOf(person());
    const claims = decodeJwt(proof.idToken);
    const { privateKey } = await generateKeyPair('RS256');
    const [header, body] = proof.idToken.split('.');
    const forged = [
      await new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(privateKey),
      await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode('x'.repeat(32))),
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`,
      `${header}.${Buffer.from(JSON.stringify({ ...claims, sub: 'other' })).toString('base64url')}.${proof.idToken.split('.')[2]}`,
      'garbage',
    ];
    for (const idToken of forged) {
      expect(await refusal(signIn({ ...proof, requestId: newId(), idToken }))).toEqual(tokenInvalid);
    }
    await signIn(proof);
  });

  test('when its e-mail is not verified there, whether it has an account here or not', async () => {
    const { email } = await identity.signUpVerified();
    const unverified = { code: 'FailedPrecondition', reason: 'EMAIL_NOT_VERIFIED', metadata: {} };
    for (const who of [
      person({ email, email_verified: false }),
      person({ email_verified: false }),
      person({ email_verified: 'false' }),
      person({ email: undefined, email_verified: undefined }),
    ]) {
      expect(await refusal(signIn(await proofOf(who)))).toEqual(unverified);
    }
  });
});

describe('an account with the same e-mail', () => {
  test('is linked when both sides have verified it, and its owner is told', async () => {
    const { email, user } = await identity.signUpVerified();
    const answer = await signIn(await proofOf(person({ email: email.toUpperCase() })));
    expect(answer).toMatchObject({ created: false, user: { id: user.id, providers: [Provider.GOOGLE] } });
    await identity.inbox.take(email, /signed in to with Google/);
    await identity.users().createSession({ email, password: PASSWORD });
  });

  test('is left alone when it has not verified the e-mail: whoever signed up with it first gets nobody’s sign-in', async () => {
    const { email, tokens } = await identity.signUp();
    expect(await refusal(signIn(await proofOf(person({ email }))))).toEqual({
      code: 'FailedPrecondition',
      reason: 'PROVIDER_NOT_LINKED',
      metadata: { provider: 'google' },
    });
    expect((await identity.users(tokens.accessToken).getUser({})).user).toMatchObject({
      verified: false,
      providers: [],
    });
  });

  test('is left alone when another account of that provider is linked to it', async () => {
    const who = person();
    await signIn(await proofOf(who));
    const other = person({ email: who.email });
    expect((await refusal(signIn(await proofOf(other)))).reason).toBe('PROVIDER_NOT_LINKED');
  });
});

describe('linking', () => {
  const link = async (accessToken: string, proof: Awaited<ReturnType<typeof proofOf>>) =>
    identity.users(accessToken).linkProvider(proof);
  const unlink = (accessToken: string, provider: Provider) =>
    identity.users(accessToken).unlinkProvider({ requestId: newId(), provider });

  test('lets an account be signed in to by providers with other e-mails, and tells its owner', async () => {
    const { email, user, tokens } = await identity.signUpVerified();
    const [atGoogle, atApple] = [person(), person()];
    await link(tokens.accessToken, await proofOf(atGoogle));
    const answer = await link(tokens.accessToken, await byApple(atApple));
    expect(answer.user?.providers).toEqual([Provider.GOOGLE, Provider.APPLE]);
    await identity.inbox.take(email, /with Google/);
    await identity.inbox.take(email, /with Apple/);
    expect((await signIn(await proofOf(atGoogle))).user?.id).toBe(user.id);
    expect((await signIn(await byApple(atApple))).user?.id).toBe(user.id);
  });

  test('needs an e-mail that is verified', async () => {
    const { tokens } = await identity.signUp();
    const { reason } = await refusal(link(tokens.accessToken, await proofOf(person())));
    expect(reason).toBe('EMAIL_NOT_VERIFIED');
  });

  test('takes a provider’s account once, and one account of a provider', async () => {
    const [mine, other] = [await identity.signUpVerified(), await identity.signUpVerified()];
    const who = person();
    await link(mine.tokens.accessToken, await proofOf(who));
    await link(mine.tokens.accessToken, await proofOf(who));
    const taken = { code: 'AlreadyExists', reason: 'ALREADY_EXISTS', metadata: { resource: 'provider_account' } };
    expect(await refusal(link(other.tokens.accessToken, await proofOf(who)))).toEqual(taken);
    expect(await refusal(link(mine.tokens.accessToken, await proofOf(person())))).toEqual(taken);
  });

  test('is undone by unlinking, which is harmless twice', async () => {
    const { tokens } = await identity.signUpVerified();
    const who = person();
    await link(tokens.accessToken, await proofOf(who));
    expect((await unlink(tokens.accessToken, Provider.GOOGLE)).user?.providers).toEqual([]);
    await unlink(tokens.accessToken, Provider.GOOGLE);
    expect((await signIn(await proofOf(who))).created).toBe(true);
  });

  test('the last way to sign in cannot be undone, not even by two calls at once', async () => {
    const who = person();
    const { tokens } = await signIn(await proofOf(who));
    const { accessToken } = tokens!;
    const last = { code: 'FailedPrecondition', reason: 'LAST_SIGN_IN_METHOD', metadata: { provider: 'google' } };
    expect(await refusal(unlink(accessToken, Provider.GOOGLE))).toEqual(last);
    await link(accessToken, await byApple(person()));
    const calls = await Promise.allSettled([unlink(accessToken, Provider.GOOGLE), unlink(accessToken, Provider.APPLE)]);
    expect(calls.filter((call) => call.status === 'fulfilled')).toHaveLength(1);
  });

  test('can be undone once a password was set by a mailed link', async () => {
    const who = person();
    const { tokens } = await signIn(await proofOf(who));
    await identity.users().sendPasswordReset({ requestId: newId(), email: who.email! });
    const token = tokenIn(await identity.inbox.take(who.email!, /new password/));
    await identity.users().resetPassword({ requestId: newId(), token, password: PASSWORD });
    expect((await refusal(unlink(tokens!.accessToken, Provider.GOOGLE))).reason).toBe('TOKEN_INVALID');
    const session = (await identity.users().createSession({ email: who.email!, password: PASSWORD })).tokens!;
    expect((await unlink(session.accessToken, Provider.GOOGLE)).user?.providers).toEqual([]);
  });
});

describe('the keys of a provider', () => {
  test('are fetched once for many sign-ins, and not for every made-up key id', async () => {
    await signIn(await proofOf(person()));
    const before = google.keyFetches();
    for (let i = 0; i < 5; i++) await signIn(await proofOf(person()));
    const { privateKey } = await generateKeyPair('RS256');
    const proof = await proofOf(person());
    for (let i = 0; i < 20; i++) {
      const idToken = await new SignJWT(decodeJwt(proof.idToken))
        .setProtectedHeader({ alg: 'RS256', kid: `made up ${i}` })
        .sign(privateKey);
      expect((await refusal(signIn({ ...proof, requestId: newId(), idToken }))).reason).toBe('PROVIDER_TOKEN_INVALID');
    }
    expect(google.keyFetches() - before).toBeLessThanOrEqual(2);
  });

  test('are found again after the provider changed them', async () => {
    const who = person();
    const { user } = await signIn(await byApple(who));
    await apple.rotateKeys();
    const answer = await until(async () => signIn(await byApple(who)), { everyMs: 500 });
    expect(answer.user?.id).toBe(user?.id);
  });

  test('that cannot be had are a dependency that is down, and not a bad token', async () => {
    await using late = await startOpenIdProvider();
    await using own = await startIdentity({
      IRISVUE_GOOGLE_ISSUER: late.issuer,
      IRISVUE_GOOGLE_CLIENT_IDS: CLIENT_ID,
    });
    const { nonce } = await own.users().createProviderNonce({});
    const idToken = await late.idToken(person(), { nonce });
    const proof = { requestId: newId(), provider: Provider.GOOGLE, idToken, nonce };
    await late.kill();
    expect(await refusal(own.users().createProviderSession(proof))).toEqual({
      code: 'Unavailable',
      reason: 'DEPENDENCY_DOWN',
      metadata: { dependency: 'google' },
    });
    await late.startAgain();
    expect((await own.users().createProviderSession(proof)).created).toBe(true);
  });
});
