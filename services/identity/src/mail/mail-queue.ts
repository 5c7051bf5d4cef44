import { type Database, newId, notify } from '@irisvue/database';
import type { IdentityTables } from '../schema.ts';
import type { MailTemplate } from './mail-texts.ts';

type Db = Database<IdentityTables>;

/** Rung when a mail is queued. */
export const MAIL_CHANNEL = 'mails';

/** A mail to an account (`userId`), to an address, or about an account to an address that is not its own. */
export interface QueuedMail {
  readonly template: MailTemplate;
  readonly userId?: string;
  readonly email?: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

/**
 * Queues a mail; gives its id. In a transaction it is sent if that commits. Who gets it, whether anybody does, and the
 * token of its link are decided when it is sent.
 */
export async function queueMail(db: Db, mail: QueuedMail, now: Date): Promise<string> {
  const id = newId();
  await db
    .insertInto('mails')
    .values({
      id,
      template: mail.template,
      user_id: mail.userId ?? null,
      email: mail.email ?? null,
      parameters: JSON.stringify(mail.parameters ?? {}),
      created_at: now,
      send_after: now,
    })
    .execute();
  await notify(db, MAIL_CHANNEL, id);
  return id;
}
