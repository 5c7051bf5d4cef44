import { DomainError, ErrorReason } from '@irisvue/runtime';
import type { Passwords } from './passwords.ts';
import type { UserRow } from './schema.ts';
import type { Counter, Throttle } from './throttle.ts';
import type { ThrottlePolicies } from './throttle-policies.ts';

/** A password that somebody brings to prove who they are. */
export interface PasswordTry {
  readonly email: string;
  readonly password: string;
  /** Where the call comes from, as callerAddress() gives it. */
  readonly address: string;
}

/**
 * Gives the account when the password is its own and it is active; BAD_CREDENTIALS otherwise, after the same work
 * whatever is wrong; RATE_LIMITED {retry_after_ms} after too many, before any of that work.
 */
export type PasswordCheck = (attempt: PasswordTry, find: () => Promise<UserRow | undefined>) => Promise<UserRow>;

export function createPasswordCheck(o: {
  readonly passwords: Passwords;
  readonly throttle: Throttle;
  readonly policies: ThrottlePolicies;
}): PasswordCheck {
  const { passwords, throttle, policies } = o;
  return async ({ email, password, address }, find) => {
    const ofAddress: Counter = { policy: policies.triesOfAddress, key: address };
    const ofAccount: Counter = { policy: policies.passwordOfAccount, key: email };
    await throttle.count(ofAddress, ofAccount);
    const user = await find();
    if (!(await passwords.matches(password, user?.password_hash)) || !user?.active) {
      throw new DomainError(ErrorReason.BAD_CREDENTIALS, 'the e-mail or the password is wrong');
    }
    await throttle.takeBack(ofAddress);
    await throttle.clear(ofAccount);
    return user;
  };
}
