import type { Database, RequestKey } from '@irisvue/database';
import type { Clock } from '@irisvue/runtime';
import { updateEmail, updateProven, userById } from './account-store.ts';
import { claimLink, deleteLinks } from './link-store.ts';
import { linkInvalid, tokenDigest } from './link-tokens.ts';
import { queueMail } from './mail/mail-queue.ts';
import { deleteMailsOf } from './mail/mail-store.ts';
import { onceOnly } from './once-only.ts';
import type { PasswordCheck } from './password-check.ts';
import type { IdentityTables, UserRow } from './schema.ts';
import type { Throttle } from './throttle.ts';
import type { ThrottlePolicies } from './throttle-policies.ts';

const UNIQUE_VIOLATION = '23505';

/** How an e-mail is verified and replaced. */
export interface EmailChanges {
  /** Queues another verification mail; RATE_LIMITED {retry_after_ms} after some. */
  sendVerification(request: RequestKey, user: UserRow, o: { readonly address: string }): Promise<void>;
  /** Verifies the address that the link went to, if it is still the account's. LINK_INVALID. */
  verify(request: RequestKey, token: string): Promise<void>;
  /** Queues a link to a new address; earlier ones die. Errors of PasswordCheck when the password is wrong. */
  sendChange(
    request: RequestKey,
    user: UserRow,
    o: { readonly password: string; readonly email: string; readonly address: string },
  ): Promise<void>;
  /** Replaces the e-mail by the address that the link went to, and tells the old one. LINK_INVALID. */
  change(request: RequestKey, token: string): Promise<void>;
}

export function createEmailChanges(o: {
  readonly db: Database<IdentityTables>;
  readonly passwordCheck: PasswordCheck;
  readonly throttle: Throttle;
  readonly policies: ThrottlePolicies;
  readonly clock: Clock;
}): EmailChanges {
  const { db, clock, policies } = o;
  const nothing = async (): Promise<void> => {};
  const countMail = (recipient: string, address: string): Promise<void> =>
    o.throttle.count(
      { policy: policies.mailsOfAddress, key: address },
      { policy: policies.mailsToOne, key: recipient },
    );

  return {
    sendVerification: (request, user, { address }) =>
      onceOnly(
        db,
        request,
        () => countMail(user.email, address),
        async (trx) => {
          await queueMail(trx, { template: 'verify_email', userId: user.id }, clock.now());
        },
      ),

    verify: (request, token) =>
      onceOnly(db, request, nothing, async (trx) => {
        const now = clock.now();
        const link = await claimLink(trx, tokenDigest(token), 'verify_email', now);
        if (link === undefined || !(await updateProven(trx, link, now))) throw linkInvalid();
        await deleteLinks(trx, link.userId, 'verify_email');
      }),

    sendChange: (request, user, { password, email, address }) =>
      onceOnly(
        db,
        request,
        async () => {
          await o.passwordCheck({ email: user.email, password, address }, async () => user);
          await countMail(email, address);
        },
        async (trx) => {
          await deleteLinks(trx, user.id, 'change_email');
          await deleteMailsOf(trx, user.id, 'change_email');
          await queueMail(trx, { template: 'change_email', userId: user.id, email }, clock.now());
        },
      ),

    async change(request, token) {
      try {
        await onceOnly(db, request, nothing, async (trx) => {
          const now = clock.now();
          const link = await claimLink(trx, tokenDigest(token), 'change_email', now);
          const before = link && (await userById(trx, link.userId));
          if (before === undefined || !(await updateEmail(trx, link!, now))) throw linkInvalid();
          await deleteLinks(trx, before.id, 'verify_email', 'reset_password', 'change_email');
          // An address that nobody proved may be a stranger's.
          if (before.verified) {
            await queueMail(trx, { template: 'email_changed', userId: before.id, email: before.email }, now);
          }
        });
      } catch (error) {
        // Somebody else's account has got this address since.
        throw (error as { readonly code?: string }).code === UNIQUE_VIOLATION ? linkInvalid() : error;
      }
    },
  };
}
