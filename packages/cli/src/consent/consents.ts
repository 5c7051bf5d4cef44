import { type Client, createClient } from '@connectrpc/connect';
import {
  type Consent,
  ConsentService,
  type Notice,
  SubjectKind,
} from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { v7 as uuidv7 } from 'uuid';
import type { Account } from '../account.ts';
import { askPerson, language } from '../ask-consent.ts';
import { minuteOf } from '../circle/minute.ts';
import type { RunContext } from '../main.ts';
import { signedIn } from '../signed-in.ts';
import { purposes, residences, subjectKinds, wordOf } from './words.ts';

/** What all commands about one consent take. */
export interface ConsentFlags {
  readonly residence: keyof typeof residences;
  readonly language?: string;
  /** Short names of recipients outside the mesh. */
  readonly recipient?: string[];
  /** Id of a minor whom the account represents. */
  readonly minor?: string;
  /** Type of the account's rendered samples instead of its own eye. */
  readonly synthetic?: boolean;
  /** Agreed beforehand: every notice, of full age. */
  readonly yes?: boolean;
  /** The name that signs, where the law wants one; asked for otherwise. */
  readonly name?: string;
}

/** The purposes that processing a photo needs. */
export const neededPurposes = ['capture', 'processing'] as const;
type PurposeWord = keyof typeof purposes;

/** Runs `work` with consent as the account of this home. */
export function withConsent(
  run: RunContext,
  work: (consent: Client<typeof ConsentService>, account: Account) => Promise<void>,
): Promise<void> {
  return signedIn(run, (account) => work(createClient(ConsentService, account.transport), account));
}

/** Lists what was granted and withdrawn, for the account and the minors whom it represents. */
export function showConsents(run: RunContext): Promise<void> {
  return withConsent(run, async (consent) => {
    const { consents } = await consent.listConsents({}, { signal: run.signal });
    for (const one of consents) console.log(consentLine(one));
    if (consents.length === 0) console.log('Nothing was granted yet; grant with: irisvue consent grant');
  });
}

/** Prints the notice that would be granted, and the recipients that could be named. */
export function showNotice(run: RunContext, purpose: PurposeWord, flags: ConsentFlags): Promise<void> {
  return withConsent(run, async (consent) => {
    const answer = await consent.getNotice(noticeWish(purpose, flags), { signal: run.signal });
    console.log(answer.notice?.body.trim());
    console.log(`\n${answer.notice?.id}, version ${answer.notice?.version}, SHA-256 ${answer.notice?.sha256}`);
    for (const { id, description } of answer.offeredRecipients) console.log(`--recipient ${id}   ${description}`);
  });
}

/** Shows the notice of each purpose, asks for it, and grants. Each purpose is a question of its own. */
export function grantConsents(run: RunContext, words: readonly PurposeWord[], flags: ConsentFlags): Promise<void> {
  return withConsent(run, async (consent, { userId }) => {
    for (const purpose of words) {
      const { notice } = await consent.getNotice(noticeWish(purpose, flags), { signal: run.signal });
      if (!notice) throw new Error('the gateway answered without a notice');
      const subject = subjectOf(userId, flags);
      const isPerson = subject.kind === SubjectKind.SELF || subject.kind === SubjectKind.MINOR;
      const signature = isPerson ? await signatureOf(notice, flags, run.signal) : '';
      const { consent: granted } = await consent.grantConsent(
        {
          ...{ requestId: uuidv7(), subject, purpose: purposes[purpose], jurisdiction: residences[flags.residence] },
          ...{ noticeId: notice.id, noticeSha256: notice.sha256, recipients: notice.recipients },
          ...{ fullAge: subject.kind === SubjectKind.SELF, signature },
        },
        { signal: run.signal },
      );
      if (granted) console.log(consentLine(granted));
    }
    console.log('Your receipts: irisvue consent receipts');
  });
}

/** Withdraws; queued and running work stops. */
export function withdrawConsents(run: RunContext, words: readonly PurposeWord[], flags: ConsentFlags): Promise<void> {
  return withConsent(run, async (consent, { userId }) => {
    for (const purpose of words) {
      const request = { requestId: uuidv7(), subject: subjectOf(userId, flags), purpose: purposes[purpose] };
      const { consent: withdrawn } = await consent.withdrawConsent(request, { signal: run.signal });
      if (withdrawn) console.log(consentLine(withdrawn));
    }
  });
}

/** The name under a notice: as given beforehand with the agreement, or asked for. '' where none is needed. */
async function signatureOf(notice: Notice, { yes, name = '' }: ConsentFlags, signal: AbortSignal): Promise<string> {
  if (!yes) return askPerson(notice, signal);
  if (notice.signatureRequired && name === '') throw new Error('the notice needs your signature: say --name');
  return name;
}

function noticeWish(purpose: PurposeWord, flags: ConsentFlags) {
  return {
    purpose: purposes[purpose],
    jurisdiction: residences[flags.residence],
    language: flags.language ?? language(),
    recipients: flags.recipient ?? [],
  };
}

function subjectOf(userId: string, { minor, synthetic }: ConsentFlags) {
  if (minor !== undefined) return { id: minor, kind: SubjectKind.MINOR };
  return { id: userId, kind: synthetic ? SubjectKind.SYNTHETIC : SubjectKind.SELF };
}

function consentLine({ subject, purpose, jurisdiction, granted, ...row }: Consent): string {
  const state = granted ? `granted ${minuteOf(row.grantTime)}` : `withdrawn ${minuteOf(row.withdrawTime)}`;
  const whose = wordOf(subjectKinds, subject?.kind) + (subject?.kind === SubjectKind.MINOR ? ` ${subject.id}` : '');
  const named = row.recipients.length > 0 ? `  to ${row.recipients.join(', ')}` : '';
  return `${wordOf(purposes, purpose).padEnd(10)}  ${whose}  ${state}  ${wordOf(residences, jurisdiction)}${named}`;
}
