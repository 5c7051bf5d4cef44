import { setTimeout as delay } from 'node:timers/promises';
import { type Database, listen } from '@irisvue/database';
import type { Clock, Logger } from '@irisvue/runtime';
import type { IdentityTables } from '../schema.ts';
import { addressMail, type MailRow } from './address-mail.ts';
import { MAIL_CHANNEL } from './mail-queue.ts';
import { deleteMail, postponeMail, takeMail } from './mail-store.ts';
import { mailText } from './mail-texts.ts';
import { MailRefused, type MailTransport } from './mail-transport.ts';

// Longer than a transport takes to give up, so that a mail is sent twice only when its worker died over it.
const LEASE_MS = 2 * 60_000;
const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 15 * 60_000;
/** A mail that no server took for so long is given up: what it says is no longer true, or no longer wanted. */
const GIVE_UP_MS = 3 * 24 * 3_600_000;

export interface MailWorkerOptions {
  readonly db: Database<IdentityTables>;
  readonly databaseUrl: string;
  readonly transport: MailTransport;
  /** Base URL of the pages that links open. */
  readonly webUrl: string;
  /** Looks for mails this often when nothing rings, in milliseconds. */
  readonly pollMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * Sends queued mails until `signal` aborts; then it resolves. It never rejects: while the mail server or the database is
 * down, mails wait in their table. At least once: a mail whose worker died between the server's yes and the removal of
 * the row is sent again under the same Message-ID. Replicas share the work, each mail is one's.
 */
export async function sendMails(o: MailWorkerOptions): Promise<void> {
  let rung = Promise.withResolvers<void>();
  const listening = listen(o.databaseUrl, MAIL_CHANNEL, () => rung.resolve(), o.signal, { logger: o.logger });
  while (!o.signal.aborted) {
    rung = Promise.withResolvers<void>();
    const sent = await sendNext(o).catch((error: unknown) => {
      o.logger.warn({ err: error }, 'mails cannot be read, they wait in their table');
      return false;
    });
    if (!sent) await untilRung(rung.promise, o.pollMs, o.signal);
  }
  await listening;
}

/** Sends the mail whose turn it is; false when there is none. */
async function sendNext(o: MailWorkerOptions): Promise<boolean> {
  const now = o.clock.now();
  const mail = await takeMail(o.db, now, new Date(now.getTime() + LEASE_MS));
  if (mail === undefined) return false;
  const about = { mail_id: mail.id, template: mail.template, attempts: mail.attempts };
  try {
    const addressed = await addressMail(o.db, mail, { now, webUrl: o.webUrl });
    if (addressed !== undefined) {
      const { to, userId, template, language, parameters } = addressed;
      await o.transport.send({ id: mail.id, to, userId, ...mailText(template, language, parameters) });
      o.logger.info(about, 'sent a mail');
    }
    await deleteMail(o.db, mail.id);
  } catch (error) {
    await afterFailure(o, mail, now, error, about);
  }
  return true;
}

async function afterFailure(
  o: MailWorkerOptions,
  mail: MailRow,
  now: Date,
  error: unknown,
  about: Readonly<Record<string, unknown>>,
): Promise<void> {
  // What a mail server says often repeats the address: the log gets its numbers only.
  const { code, responseCode } = (error instanceof MailRefused ? error.cause : error) as Record<string, unknown>;
  if (error instanceof MailRefused || now.getTime() - mail.created_at.getTime() > GIVE_UP_MS) {
    o.logger.error({ ...about, code, response_code: responseCode }, 'a mail was given up');
    await deleteMail(o.db, mail.id);
    return;
  }
  const retryMs = Math.min(FIRST_RETRY_MS * 2 ** (mail.attempts - 1), LAST_RETRY_MS);
  o.logger.warn({ ...about, code, response_code: responseCode, retryMs }, 'a mail could not be sent, it waits');
  await postponeMail(o.db, mail.id, new Date(now.getTime() + retryMs));
}

/** Resolves when rung, after `ms`, or when the signal aborts. */
async function untilRung(rung: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const timer = delay(ms, undefined, { signal: AbortSignal.any([signal, done.signal]) }).catch(() => undefined);
  await Promise.race([rung, timer]);
  done.abort();
}
