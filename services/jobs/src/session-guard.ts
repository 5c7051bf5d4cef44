import type { Client } from '@connectrpc/connect';
import type { ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { type Clock, DomainError, ErrorReason, type UserCaller } from '@irisvue/runtime';

/**
 * Lets a stream outlive its access token: gives a check that passes while the token is good, and from then on asks
 * identity about the session, every `checkMs`. The check throws TOKEN_INVALID once the session has ended, at any time, and
 * DEPENDENCY_DOWN when identity cannot be asked.
 */
export function sessionGuard(o: {
  readonly caller: UserCaller;
  /** Whether a session is known to have ended. */
  readonly isEnded: (sessionId: string) => boolean;
  readonly identity: Pick<Client<typeof ServiceIdentityService>, 'checkSession'>;
  readonly clock: Clock;
  readonly checkMs: number;
}): () => Promise<void> {
  let goodUntil = o.caller.expiresAt.getTime();
  return async () => {
    if (o.isEnded(o.caller.sessionId)) throw sessionEnded();
    const now = o.clock.now().getTime();
    if (now < goodUntil) return;
    const { active } = await o.identity.checkSession({ sessionId: o.caller.sessionId });
    if (!active) throw sessionEnded();
    goodUntil = now + o.checkMs;
  };
}

function sessionEnded(): DomainError {
  return new DomainError(ErrorReason.TOKEN_INVALID, 'the session has ended');
}
