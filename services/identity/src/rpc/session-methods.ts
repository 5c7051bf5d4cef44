import type { ServiceImpl } from '@connectrpc/connect';
import type { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { cutPage, readPage } from '@irisvue/database';
import { requireUser } from '@irisvue/runtime';
import type { Sessions } from '../sessions.ts';
import { sessionMessage, tokensMessage } from '../user-message.ts';
import { signedIn } from './signed-in.ts';

export interface SessionRooms {
  readonly sessions: Sessions;
}

const DEFAULT_PAGE_SIZE = 50;

/** Renewing, listing and ending sessions. Ending one that has ended changes nothing, so repeats need no memory. */
export function sessionMethods({ sessions }: SessionRooms) {
  return {
    async refreshSession(request) {
      return { tokens: tokensMessage(await sessions.refresh(request.refreshToken)) };
    },
    async deleteSession(_, context) {
      await sessions.end(requireUser(context).sessionId);
      return {};
    },
    async listSessions(request, context) {
      const { user, sessionId } = await signedIn(sessions, context);
      const page = readPage(request, DEFAULT_PAGE_SIZE);
      const { shown, nextPageToken } = cutPage(await sessions.list(user.id, page), page);
      return { sessions: shown.map((session) => sessionMessage(session, sessionId)), nextPageToken };
    },
    async revokeSession(request, context) {
      const { user } = await signedIn(sessions, context);
      await sessions.revoke(user.id, request.sessionId);
      return {};
    },
    async revokeOtherSessions(_, context) {
      const { user, sessionId } = await signedIn(sessions, context);
      await sessions.revokeOthers(user.id, sessionId);
      return {};
    },
  } satisfies Partial<ServiceImpl<typeof IdentityService>>;
}
