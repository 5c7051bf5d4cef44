import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createTransport, type SendMailOptions } from 'nodemailer';
import type { MailText } from './mail-texts.ts';

// A mail server that says nothing for so long is taken for dead; the mail waits for its next turn.
const CONNECT_LIMIT_MS = 10_000;
const SILENCE_LIMIT_MS = 20_000;

const ACCOUNT_HEADER = 'X-IrisVue-Account';

/** A mail that is ready to leave. */
export interface OutgoingMail extends MailText {
  /** The same mail has the same id, so that a mail server or a reader may drop a second copy. */
  readonly id: string;
  readonly to: string;
  /** The account that it is about. A folder of mails keeps it: an address may be a former one by the time of an erasure. */
  readonly userId?: string;
}

/** Where mails go. */
export interface MailTransport {
  /** Resolves when the mail was taken over. Throws MailRefused when it never will be, anything else when it may be. */
  send(mail: OutgoingMail): Promise<void>;
}

/** The mail server refuses this mail for good (SMTP 5xx to a recipient or to the message, RFC 5321 §4.2.1). */
export class MailRefused extends Error {
  constructor(cause: unknown) {
    super('the mail server refuses this mail for good', { cause });
    this.name = 'MailRefused';
  }
}

/** Hands mails to an SMTP server: `smtp://user:password@host:587` (TLS when offered) or `smtps://…:465`. */
export function smtpTransport(o: { readonly url: string; readonly from: string }): MailTransport {
  const limits = {
    connectionTimeout: CONNECT_LIMIT_MS,
    greetingTimeout: CONNECT_LIMIT_MS,
    socketTimeout: SILENCE_LIMIT_MS,
  };
  const server = createTransport({ url: o.url, ...limits });
  return {
    async send(mail) {
      try {
        await server.sendMail(composed(mail, o.from));
      } catch (error) {
        throw isFinal(error) ? new MailRefused(error) : error;
      }
    },
  };
}

/**
 * Writes each mail into a folder as `ID-SUBJECT.eml` (RFC 5322), which only its owner may read: the transport of a
 * machine that has no mail server. An id begins with its time, so that the newest mail comes last.
 */
export function folderTransport(o: { readonly folder: string; readonly from: string }): MailTransport {
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'unix' });
  return {
    async send(mail) {
      const composition = composed(mail, o.from);
      const headers = { ...composition.headers, ...(mail.userId && { [ACCOUNT_HEADER]: mail.userId }) };
      const { message } = await composer.sendMail({ ...composition, headers });
      await mkdir(o.folder, { recursive: true, mode: 0o700 });
      const name = `${mail.id}-${mail.subject.toLowerCase().replace(/[^a-z]+/g, '-')}.eml`;
      const unfinished = path.join(o.folder, `.${name}`);
      await writeFile(unfinished, message as Buffer, { mode: 0o600 });
      await rename(unfinished, path.join(o.folder, name));
    },
  };
}

function composed(mail: OutgoingMail, from: string): SendMailOptions {
  return {
    from,
    to: { name: '', address: mail.to },
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    messageId: `<${mail.id}@${domainOf(from)}>`,
    // RFC 3834: nobody's absence note is meant for a machine.
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function domainOf(from: string): string {
  return /@([A-Za-z0-9.-]+)/.exec(from)?.[1] ?? 'irisvue.example';
}

// A refused sign-in at the mail server (EAUTH) is the operator's to mend: the mail waits.
function isFinal(error: unknown): boolean {
  const { code, responseCode = 0 } = error as { readonly code?: string; readonly responseCode?: number };
  return (code === 'EENVELOPE' || code === 'EMESSAGE') && responseCode >= 500;
}
