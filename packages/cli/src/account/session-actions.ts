import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';
import { v7 as uuidv7 } from 'uuid';
import type { RunContext } from '../main.ts';
import { asAccount } from './with-identity.ts';

/** Lists the sessions of the account that stand, newest first. */
export async function listSessions(run: RunContext): Promise<void> {
  await asAccount(run, async (identity) => {
    let pageToken = '';
    do {
      const page = await identity.listSessions({ pageToken }, { signal: run.signal });
      for (const { id, current, clientName, createTime, refreshTime } of page.sessions) {
        const name = clientName || 'a client without a name';
        console.log(
          `${id}  since ${timeOf(createTime)}  last used ${timeOf(refreshTime)}  ${name}${current ? '  (this)' : ''}`,
        );
      }
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
  });
}

/** Ends one session, or all but this one. */
export async function revokeSession(
  run: RunContext,
  sessionId: string | undefined,
  given: { readonly others?: boolean },
): Promise<void> {
  if ((sessionId === undefined) === !given.others) throw new Error('name a session, or say --others');
  await asAccount(run, async (identity) => {
    if (sessionId === undefined) await identity.revokeOtherSessions({ requestId: uuidv7() });
    else await identity.revokeSession({ requestId: uuidv7(), sessionId });
  });
  console.log(sessionId === undefined ? 'All other sessions have ended.' : 'The session has ended.');
}

function timeOf(time: Timestamp | undefined): string {
  return time ? timestampDate(time).toISOString().slice(0, 16).replace('T', ' ') : '?';
}
