import type { HandlerContext } from '@connectrpc/connect';
import { DomainError, ErrorReason, requireUser } from '@irisvue/runtime';
import type { UserRow } from '../schema.ts';
import type { Sessions } from '../sessions.ts';

/** Whose session a call belongs to. */
export interface SignedIn {
  readonly user: UserRow;
  readonly sessionId: string;
}

/** TOKEN_INVALID when the session has ended: elsewhere its token is good until it expires, here the end is known. */
export async function signedIn(sessions: Sessions, context: HandlerContext): Promise<SignedIn> {
  const { sessionId } = requireUser(context);
  const user = await sessions.holder(sessionId);
  if (user === undefined) throw new DomainError(ErrorReason.TOKEN_INVALID, 'the session has ended');
  return { user, sessionId };
}
