import { type Database, newId, once, type RequestKey } from '@irisvue/database';
import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import type { Transaction } from 'kysely';
import { lockUser, userByEmail, userById } from '../account-store.ts';
import type { Language } from '../language.ts';
import { queueMail } from '../mail/mail-queue.ts';
import { onceOnly } from '../once-only.ts';
import type { IdentityTables, ProviderName, UserRow } from '../schema.ts';
import type { Throttle } from '../throttle.ts';
import type { ThrottlePolicies } from '../throttle-policies.ts';
import { type IdTokens, type ProvidedIdentity, tokenInvalid } from './id-tokens.ts';
import { claimNonce, createNonce, isSameNonce } from './nonces.ts';
import {
  deleteProviderAccount,
  insertProvidedUser,
  insertProviderAccount,
  providersOf,
  userOfProvider,
} from './provider-store.ts';

type Trx = Transaction<IdentityTables>;

/** What a client brings back from a provider. */
export interface ProviderProof {
  readonly provider: ProviderName;
  readonly idToken: string;
  /** Of createNonce(); the id_token holds it. */
  readonly nonce: string;
}

/** Signing in by an account elsewhere. Errors of IdTokens for a proof that is not good, or of no use any more. */
export interface ProviderAccounts {
  createNonce(): Promise<{ readonly nonce: string; readonly expiresAt: Date }>;
  /**
   * The account that the provider's account is linked to. Without one, the account with the same e-mail is linked when
   * both sides have verified it (PROVIDER_NOT_LINKED else); without that, one is made. EMAIL_NOT_VERIFIED when the
   * provider has not verified the e-mail: it then tells nothing, not even whether there is such an account here.
   */
  signIn(
    request: RequestKey,
    proof: ProviderProof,
    o: { readonly address: string; readonly language: Language },
  ): Promise<{ readonly user: UserRow; readonly created: boolean }>;
  /** Links a provider's account. EMAIL_NOT_VERIFIED; ALREADY_EXISTS when it, or another of the provider, is linked. */
  link(request: RequestKey, user: UserRow, proof: ProviderProof): Promise<void>;
  /** Unlinks it. LAST_SIGN_IN_METHOD when nothing would be left to sign in with. */
  unlink(request: RequestKey, user: UserRow, provider: ProviderName): Promise<void>;
}

export function createProviderAccounts(o: {
  readonly db: Database<IdentityTables>;
  readonly idTokens: IdTokens;
  readonly throttle: Throttle;
  readonly policies: ThrottlePolicies;
  readonly clock: Clock;
}): ProviderAccounts {
  const { db, clock } = o;

  async function proven({ provider, idToken, nonce }: ProviderProof): Promise<ProvidedIdentity> {
    const identity = await o.idTokens(provider, idToken);
    if (!isSameNonce(identity.nonce, nonce)) throw tokenInvalid(provider);
    return identity;
  }

  async function useNonce(trx: Trx, { provider, nonce }: ProviderProof): Promise<void> {
    if (!(await claimNonce(trx, nonce, clock.now()))) throw tokenInvalid(provider);
  }

  return {
    createNonce: () => createNonce(db, clock),

    async signIn(request, proof, { address, language }) {
      const ofAddress = { policy: o.policies.triesOfAddress, key: address };
      await o.throttle.count(ofAddress);
      const identity = await proven(proof);
      const found = await db.transaction().execute((trx) =>
        once(trx, request, async () => {
          await useNonce(trx, proof);
          const { id, created } = await accountOf(trx, identity, language, clock.now());
          return created ? `created ${id}` : `found ${id}`;
        }),
      );
      const [how, id] = found.id.split(' ');
      const user = await userById(db, id!);
      if (!user?.active) throw new DomainError(ErrorReason.BAD_CREDENTIALS, 'the account is closed');
      await o.throttle.takeBack(ofAddress);
      return { user, created: how === 'created' };
    },

    link: (request, user, proof) =>
      onceOnly(
        db,
        request,
        async () => {
          if (!user.verified) throw new DomainError(ErrorReason.EMAIL_NOT_VERIFIED, 'verify the e-mail first');
          return proven(proof);
        },
        async (trx, identity) => {
          await useNonce(trx, proof);
          const now = clock.now();
          if (await insertProviderAccount(trx, identity, user.id, now)) return tellLinked(trx, user.id, identity, now);
          if ((await userOfProvider(trx, identity))?.id === user.id) return;
          const metadata = { resource: 'provider_account' };
          throw new DomainError(ErrorReason.ALREADY_EXISTS, 'the provider is linked already', metadata);
        },
      ),

    unlink: (request, user, provider) =>
      onceOnly(
        db,
        request,
        async () => {},
        async (trx) => {
          // The lock keeps two calls from unlinking the last two providers at the same time.
          const locked = await lockUser(trx, user.id);
          const linked = await providersOf(trx, user.id);
          const isLast = linked.length === 1 && linked[0] === provider && locked?.password_hash === null;
          if (isLast) {
            const text = 'set a password or link another provider first';
            throw new DomainError(ErrorReason.LAST_SIGN_IN_METHOD, text, { provider });
          }
          await deleteProviderAccount(trx, provider, user.id);
        },
      ),
  };
}

/** Finds, links or makes the account that a provider vouches for. */
async function accountOf(
  trx: Trx,
  identity: ProvidedIdentity,
  language: Language,
  now: Date,
): Promise<{ readonly id: string; readonly created: boolean }> {
  const linked = await userOfProvider(trx, identity);
  if (linked !== undefined) return { id: linked.id, created: false };
  const { email, emailVerified, provider } = identity;
  if (email === undefined || !emailVerified) {
    throw new DomainError(ErrorReason.EMAIL_NOT_VERIFIED, 'the provider has not verified an e-mail');
  }
  const made = await insertProvidedUser(trx, { id: newId(), email, language, now });
  const user = made ?? (await userByEmail(trx, email));
  const sure = user?.verified && user.active;
  if (!sure || !(await insertProviderAccount(trx, identity, user.id, now))) {
    // Of two first sign-ins at the same time the other one may have linked it meanwhile. An account that was made here
    // in vain goes with the transaction.
    const meanwhile = made === undefined ? await userOfProvider(trx, identity) : undefined;
    if (meanwhile !== undefined) return { id: meanwhile.id, created: false };
    const text = 'another account has this e-mail: sign in to it, verify the e-mail, then link';
    throw new DomainError(ErrorReason.PROVIDER_NOT_LINKED, text, { provider });
  }
  if (made === undefined) await tellLinked(trx, user.id, identity, now);
  return { id: user.id, created: made !== undefined };
}

async function tellLinked(trx: Trx, userId: string, { provider }: ProvidedIdentity, now: Date): Promise<void> {
  const parameters = { provider: provider === 'apple' ? 'Apple' : 'Google' };
  await queueMail(trx, { template: 'provider_linked', userId, parameters }, now);
}
