import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { Jurisdiction } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import {
  type PrivacyRequest,
  PrivacyRequestKind,
  PrivacyService,
} from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import type { RunContext } from '../main.ts';
import { signedIn } from '../signed-in.ts';

/** Prints requests with their clocks, newest first; an operator sees all, others their own. */
export async function listRequests(run: RunContext): Promise<void> {
  await signedIn(run, async ({ transport }) => {
    const privacy = createClient(PrivacyService, transport);
    let pageToken = '';
    do {
      const page = await privacy.listPrivacyRequests({ pageSize: 250, pageToken }, { signal: run.signal });
      for (const request of page.requests) console.log(requestLine(request));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
  });
}

function requestLine(request: PrivacyRequest): string {
  const { kind, jurisdiction, createTime, dueTime, completeTime, extended, overdue } = request;
  const law = jurisdiction === Jurisdiction.UNSPECIFIED ? 'strictest' : nameOf(Jurisdiction, jurisdiction);
  const end = completeTime ? `done ${day(completeTime)}` : overdue ? 'OVERDUE' : 'open';
  const due = `due ${day(dueTime)}${extended ? ' (prolonged)' : ''}`;
  return [request.id, nameOf(PrivacyRequestKind, kind), law, `came ${day(createTime)}`, due, end].join('  ');
}

function day(time: Timestamp | undefined): string {
  return time === undefined ? '' : timestampDate(time).toISOString().slice(0, 10);
}

function nameOf(all: Readonly<Record<string, number>>, value: number): string {
  return (Object.entries(all).find(([, number]) => number === value)?.[0] ?? 'unknown').toLowerCase();
}
