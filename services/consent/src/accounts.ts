import type { Client } from '@connectrpc/connect';
import { MailTemplate, type ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { DomainError, ErrorReason, reasonOf } from '@irisvue/runtime';

/** What identity tells of an account; never its e-mail. DEPENDENCY_DOWN when it cannot be asked. */
export interface Accounts {
  /** EMAIL_NOT_VERIFIED unless the account is active and its e-mail is verified. */
  requireVerified(userId: string, signal?: AbortSignal): Promise<void>;
  /** The e-mail in a form that only who knows it recognises; empty when the account is gone. */
  maskedEmail(userId: string, signal?: AbortSignal): Promise<string>;
  /** Mails a user that somebody asks for an iris, once per event. An account that is gone is told nothing. */
  tellOfRequest(userId: string, eventId: string, signal?: AbortSignal): Promise<void>;
}

export function createAccounts(
  identity: Pick<Client<typeof ServiceIdentityService>, 'getUserState' | 'sendMail'>,
): Accounts {
  const stateOf = async (userId: string, signal?: AbortSignal) => {
    try {
      return await identity.getUserState({ userId }, { signal });
    } catch (error) {
      if (reasonOf(error) === ErrorReason.NOT_FOUND) return undefined;
      throw error;
    }
  };
  return {
    async requireVerified(userId, signal) {
      const state = await stateOf(userId, signal);
      if (state?.active && state.verified) return;
      throw new DomainError(ErrorReason.EMAIL_NOT_VERIFIED, 'the e-mail of the account must be verified first');
    },
    maskedEmail: async (userId, signal) => (await stateOf(userId, signal))?.maskedEmail ?? '',
    async tellOfRequest(userId, eventId, signal) {
      const template = MailTemplate.ARTWORK_PERMISSION_REQUESTED;
      await identity.sendMail({ requestId: eventId, userId, template }, { signal }).catch((error: unknown) => {
        if (reasonOf(error) !== ErrorReason.NOT_FOUND) throw error;
      });
    },
  };
}
