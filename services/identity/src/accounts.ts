import { type Database, newId } from '@irisvue/database';
import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import { insertUser, userByEmail, userByRequestId } from './account-store.ts';
import type { Passwords } from './passwords.ts';
import type { IdentityTables, UserRow } from './schema.ts';

/** Who may sign in. */
export interface Accounts {
  /**
   * Makes an account. The same request id with the same e-mail and password gives the account that it made before.
   * ALREADY_EXISTS when the e-mail has one; REQUEST_ID_REUSED when the id came with another e-mail or password.
   */
  create(o: { readonly requestId: string; readonly email: string; readonly password: string }): Promise<UserRow>;
  /** The account of an e-mail and its password; BAD_CREDENTIALS otherwise, after the same work whatever is wrong. */
  authenticate(email: string, password: string): Promise<UserRow>;
}

export function createAccounts(o: {
  readonly db: Database<IdentityTables>;
  readonly passwords: Passwords;
  readonly clock: Clock;
}): Accounts {
  const { db, passwords, clock } = o;
  return {
    async create({ requestId, email, password }) {
      const passwordHash = await passwords.hash(password);
      const made = await insertUser(db, { id: newId(), email, passwordHash, requestId, now: clock.now() });
      if (made !== undefined) return made;
      const earlier = await userByRequestId(db, requestId);
      if (earlier === undefined) {
        throw new DomainError(ErrorReason.ALREADY_EXISTS, 'the e-mail has an account', { resource: 'user' });
      }
      // A repeat must prove itself like a sign-in: an id alone is not a key to the account.
      const same = earlier.active && earlier.email.toLowerCase() === email.toLowerCase();
      if ((await passwords.matches(password, earlier.password_hash)) && same) return earlier;
      throw new DomainError(ErrorReason.REQUEST_ID_REUSED, 'this request_id came with another request', {
        request_id: requestId,
      });
    },
    async authenticate(email, password) {
      const user = await userByEmail(db, email);
      if ((await passwords.matches(password, user?.password_hash)) && user?.active) return user;
      throw new DomainError(ErrorReason.BAD_CREDENTIALS, 'the e-mail or the password is wrong');
    },
  };
}
