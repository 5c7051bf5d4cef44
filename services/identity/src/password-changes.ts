import type { Database, RequestKey } from '@irisvue/database';
import type { Clock } from '@irisvue/runtime';
import type { Transaction } from 'kysely';
import { updatePassword, updateProven } from './account-store.ts';
import { claimLink, deleteLinks, linkStands } from './link-store.ts';
import { linkInvalid, tokenDigest } from './link-tokens.ts';
import { queueMail } from './mail/mail-queue.ts';
import { deleteMailsOf } from './mail/mail-store.ts';
import { onceOnly } from './once-only.ts';
import type { PasswordCheck } from './password-check.ts';
import type { Passwords } from './passwords.ts';
import type { IdentityTables, UserRow } from './schema.ts';
import { endSessionsOf } from './session-store.ts';
import type { Throttle } from './throttle.ts';
import type { ThrottlePolicies } from './throttle-policies.ts';

/** How a password is replaced. Each change signs out, and revokes what was under way for the account. */
export interface PasswordChanges {
  /** Queues a mail with a link that sets a password. The same work and no error, whoever has the e-mail, or nobody. */
  sendReset(request: RequestKey, o: { readonly email: string; readonly address: string }): Promise<void>;
  /** Sets a password by a link, verifies the e-mail it went to, ends all sessions. LINK_INVALID. */
  reset(request: RequestKey, o: { readonly token: string; readonly password: string }): Promise<void>;
  /** Sets a password and ends all sessions but `sessionId`. Errors of PasswordCheck when the current one is wrong. */
  change(
    request: RequestKey,
    user: UserRow,
    o: {
      readonly sessionId: string;
      readonly currentPassword: string;
      readonly password: string;
      readonly address: string;
    },
  ): Promise<void>;
}

export function createPasswordChanges(o: {
  readonly db: Database<IdentityTables>;
  readonly passwords: Passwords;
  readonly passwordCheck: PasswordCheck;
  readonly throttle: Throttle;
  readonly policies: ThrottlePolicies;
  readonly clock: Clock;
}): PasswordChanges {
  const { db, passwords, throttle, policies, clock } = o;

  /** What follows each change: links to the old state die, sessions end, the owner is told. */
  async function conclude(trx: Transaction<IdentityTables>, userId: string, keptSessionId?: string): Promise<void> {
    const now = clock.now();
    await deleteLinks(trx, userId, 'reset_password', 'change_email');
    await deleteMailsOf(trx, userId, 'change_email');
    await endSessionsOf(trx, userId, 'password_changed', now, { except: keptSessionId });
    await queueMail(trx, { template: 'password_changed', userId }, now);
  }

  return {
    sendReset: (request, { email, address }) =>
      onceOnly(
        db,
        request,
        () =>
          throttle.count(
            { policy: policies.mailsOfAddress, key: address },
            { policy: policies.mailsToOne, key: email },
          ),
        async (trx) => {
          await queueMail(trx, { template: 'reset_password', email }, clock.now());
        },
      ),

    async reset(request, { token, password }) {
      const sha256 = tokenDigest(token);
      let email: string | undefined;
      await onceOnly(
        db,
        request,
        async () => {
          if (!(await linkStands(db, sha256, 'reset_password', clock.now()))) throw linkInvalid();
          return passwords.hash(password);
        },
        async (trx, passwordHash) => {
          const now = clock.now();
          const link = await claimLink(trx, sha256, 'reset_password', now);
          if (link === undefined || !(await updateProven(trx, link, now, { passwordHash }))) throw linkInvalid();
          await conclude(trx, link.userId);
          email = link.email;
        },
      );
      // Whoever guessed before must not keep the owner waiting now.
      if (email !== undefined) await throttle.clear({ policy: policies.passwordOfAccount, key: email });
    },

    change: (request, user, { sessionId, currentPassword, password, address }) =>
      onceOnly(
        db,
        request,
        async () => {
          await o.passwordCheck({ email: user.email, password: currentPassword, address }, async () => user);
          return passwords.hash(password);
        },
        async (trx, passwordHash) => {
          await updatePassword(trx, user.id, passwordHash, clock.now());
          await conclude(trx, user.id, sessionId);
        },
      ),
  };
}
