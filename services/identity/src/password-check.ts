import { DomainError, ErrorReason, reasonOf } from '@irisvue/runtime';
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
  /** Told that tries for an account have to wait; now and then while they go on. Nobody waits for it. */
  readonly onBurst: (user: UserRow) => void;
}): PasswordCheck {
  const { passwords, throttle, policies } = o;

  // The same work for accounts that exist and those that do not, so that its time tells nobody which it is.
  async function tellBurst(email: string, find: () => Promise<UserRow | undefined>): Promise<void> {
    try {
      await throttle.count({ policy: policies.burstsTold, key: email });
    } catch (error) {
      if (reasonOf(error) === ErrorReason.RATE_LIMITED) return;
      throw error;
    }
    const attacked = await find();
    if (attacked !== undefined) o.onBurst(attacked);
  }

  return async ({ email, password, address }, find) => {
    const ofAddress: Counter = { policy: policies.triesOfAddress, key: address };
    const ofAccount: Counter = { policy: policies.passwordOfAccount, key: email };
    await throttle.count(ofAddress);
    try {
      await throttle.count(ofAccount);
    } catch (error) {
      if (reasonOf(error) === ErrorReason.RATE_LIMITED) await tellBurst(email, find);
      throw error;
    }
    const user = await find();
    if (!(await passwords.matches(password, user?.password_hash)) || !user?.active) {
      throw new DomainError(ErrorReason.BAD_CREDENTIALS, 'the e-mail or the password is wrong');
    }
    await throttle.takeBack(ofAddress);
    await throttle.clear(ofAccount);
    return user;
  };
}
