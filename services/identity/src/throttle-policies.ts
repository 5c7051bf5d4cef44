import type { ThrottlePolicy } from './throttle.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** How sign-ins, and the mails that strangers can cause, are slowed down. */
export interface ThrottlePolicies {
  /** Passwords tried for one e-mail. */
  readonly passwordOfAccount: ThrottlePolicy;
  /** Passwords and provider tokens tried from one address. */
  readonly triesOfAddress: ThrottlePolicy;
  /** How often the audit log is told that tries for one e-mail have to wait. */
  readonly burstsTold: ThrottlePolicy;
  /** Mails to one recipient. */
  readonly mailsToOne: ThrottlePolicy;
  /** Mails that one address asks for. */
  readonly mailsOfAddress: ThrottlePolicy;
}

/** `free…` are the tries without waiting; many people may share one address. */
export function throttlePolicies(o: {
  readonly freeTriesPerAccount: number;
  readonly freeTriesPerAddress: number;
}): ThrottlePolicies {
  return {
    passwordOfAccount: {
      name: 'password-of-account',
      free: o.freeTriesPerAccount,
      firstWaitMs: SECOND_MS,
      longestWaitMs: 15 * MINUTE_MS,
      forgiveMs: 5 * MINUTE_MS,
    },
    triesOfAddress: {
      name: 'tries-of-address',
      free: o.freeTriesPerAddress,
      firstWaitMs: SECOND_MS,
      longestWaitMs: 15 * MINUTE_MS,
      forgiveMs: 10 * SECOND_MS,
    },
    burstsTold: {
      name: 'bursts-told',
      free: 0,
      firstWaitMs: 15 * MINUTE_MS,
      longestWaitMs: 15 * MINUTE_MS,
      forgiveMs: SECOND_MS,
    },
    mailsToOne: {
      name: 'mails-to-one',
      free: 3,
      firstWaitMs: MINUTE_MS,
      longestWaitMs: HOUR_MS,
      forgiveMs: 20 * MINUTE_MS,
    },
    mailsOfAddress: {
      name: 'mails-of-address',
      free: 20,
      firstWaitMs: 10 * SECOND_MS,
      longestWaitMs: HOUR_MS,
      forgiveMs: MINUTE_MS,
    },
  };
}
