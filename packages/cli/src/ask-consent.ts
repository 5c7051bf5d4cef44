import { createInterface } from 'node:readline/promises';
import { createClient } from '@connectrpc/connect';
import {
  ConsentPurpose,
  ConsentService,
  Jurisdiction,
  type Notice,
  SubjectKind,
} from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { v7 as uuidv7 } from 'uuid';
import type { Account } from './account.ts';

/** What processing a photo needs. */
const needed = [ConsentPurpose.BIOMETRIC_CAPTURE, ConsentPurpose.DATA_PROCESSING] as const;

/** The person said no, or could not be asked. */
export class ConsentRefused extends Error {}

/**
 * Makes sure that the account's consents to capture and processing are active.
 *
 * SELF: shows each missing notice and asks once; the answer is recorded with the hash of what was shown.
 * SYNTHETIC (rendered, nobody's eye) and EVALUATION (labelled test sets in development): the flag that chose
 * them is the statement; the mesh accepts them only where its operator allows it.
 * @throws ConsentRefused when the person declines or no terminal is there to ask.
 */
export async function ensureConsent(account: Account, kind: SubjectKind, signal?: AbortSignal): Promise<void> {
  const consent = createClient(ConsentService, account.transport);
  const { consents } = await consent.listConsents({}, { signal });
  const active = new Set(consents.filter((c) => c.granted && c.subject?.kind === kind).map((c) => c.purpose));
  for (const purpose of needed) {
    if (active.has(purpose)) continue;
    const { notice } = await consent.getNotice(
      { purpose, jurisdiction: Jurisdiction.UNSPECIFIED, language: language() },
      { signal },
    );
    if (!notice) throw new Error('the gateway answered without a notice');
    const signature = kind === SubjectKind.SELF ? await askPerson(notice, signal) : '';
    await consent.grantConsent(
      {
        requestId: uuidv7(),
        subject: { id: account.userId, kind },
        purpose,
        jurisdiction: Jurisdiction.UNSPECIFIED,
        noticeId: notice.id,
        noticeSha256: notice.sha256,
        fullAge: kind === SubjectKind.SELF,
        signature,
      },
      { signal },
    );
  }
}

/** BCP 47 tag of the terminal's language. */
export function language(): string {
  return Intl.DateTimeFormat().resolvedOptions().locale;
}

/**
 * Shows a notice and asks whether the person is of full age and agrees; where the notice needs it, for the name that
 * signs it. @returns the typed name, or '' where none is needed.
 * @throws ConsentRefused when the person declines or no terminal is there to ask.
 */
export async function askPerson(notice: Notice, signal?: AbortSignal): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new ConsentRefused(
      'Photos of your own eye need your consent, and there is no terminal to ask on. ' +
        'Run the command in a terminal once, or use --synthetic for rendered sample eyes.',
    );
  }
  process.stdout.write(`\n${notice.body.trim()}\n\n`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const ask = (question: string) => terminal.question(question, { signal: signal ?? new AbortController().signal });
    const answer = await ask('I am of full age, and I agree to what stands above [y/N] ');
    if (!/^y(es)?$/i.test(answer.trim())) throw new ConsentRefused('Nothing was recorded.');
    if (!notice.signatureRequired) return '';
    const name = (await ask('Type your full name to sign the notice: ')).trim();
    if (name === '') throw new ConsentRefused('Nothing was recorded: the notice needs your signature.');
    return name;
  } finally {
    terminal.close();
  }
}
