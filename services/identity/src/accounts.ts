import { type Database, newId } from '@irisvue/database';
import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import { insertUser, userByEmail, userByRequestId } from './account-store.ts';
import type { Language } from './language.ts';
import { queueMail } from './mail/mail-queue.ts';
import type { PasswordCheck, PasswordTry } from './password-check.ts';
import type { Passwords } from './passwords.ts';
import type { IdentityTables, UserRow } from './schema.ts';
import type { Counter, Throttle } from './throttle.ts';
import type { ThrottlePolicies } from './throttle-policies.ts';

/** Who may sign in. */
export interface Accounts {
  /**
   * Makes an account and queues the mail that verifies its e-mail. The same request id with the same e-mail and password
   * gives the account that it made before. ALREADY_EXISTS when the e-mail has one; REQUEST_ID_REUSED when the id came
   * with another e-mail or password; RATE_LIMITED {retry_after_ms} after too many refusals.
   */
  create(o: PasswordTry & { readonly requestId: string; readonly language: Language }): Promise<UserRow>;
  /** The account of an e-mail and its password; errors as PasswordCheck. */
  authenticate(attempt: PasswordTry): Promise<UserRow>;
}

export function createAccounts(o: {
  readonly db: Database<IdentityTables>;
  readonly passwords: Passwords;
  readonly passwordCheck: PasswordCheck;
  readonly throttle: Throttle;
  readonly policies: ThrottlePolicies;
  readonly clock: Clock;
}): Accounts {
  const { db, passwords, throttle, clock } = o;

  async function insert(user: Parameters<typeof insertUser>[1]): Promise<UserRow | undefined> {
    return db.transaction().execute(async (trx) => {
      const made = await insertUser(trx, user);
      if (made !== undefined) await queueMail(trx, { template: 'verify_email', userId: made.id }, user.now);
      return made;
    });
  }

  return {
    async create({ requestId, email, password, address, language }) {
      const ofAddress: Counter = { policy: o.policies.triesOfAddress, key: address };
      await throttle.count(ofAddress);
      const passwordHash = await passwords.hash(password);
      const made = await insert({ id: newId(), email, passwordHash, requestId, language, now: clock.now() });
      if (made !== undefined) {
        await throttle.takeBack(ofAddress);
        return made;
      }
      const earlier = await userByRequestId(db, requestId);
      if (earlier === undefined) {
        throw new DomainError(ErrorReason.ALREADY_EXISTS, 'the e-mail has an account', { resource: 'user' });
      }
      // A repeat must prove itself like a sign-in: an id alone is not a key to the account.
      const ofAccount: Counter = { policy: o.policies.passwordOfAccount, key: earlier.email };
      await throttle.count(ofAccount);
      const same = earlier.active && earlier.email.toLowerCase() === email.toLowerCase();
      if ((await passwords.matches(password, earlier.password_hash)) && same) {
        await throttle.takeBack(ofAddress, ofAccount);
        return earlier;
      }
      throw new DomainError(ErrorReason.REQUEST_ID_REUSED, 'this request_id came with another request', {
        request_id: requestId,
      });
    },
    authenticate: (attempt) => o.passwordCheck(attempt, () => userByEmail(db, attempt.email)),
  };
}
