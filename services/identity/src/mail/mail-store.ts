import type { Database } from '@irisvue/database';
import type { IdentityTables } from '../schema.ts';
import type { MailRow } from './address-mail.ts';
import type { MailTemplate } from './mail-texts.ts';

type Db = Database<IdentityTables>;

/** Takes the mail that has waited longest, for others not to be had before `until`; undefined when none is due. */
export async function takeMail(db: Db, now: Date, until: Date): Promise<MailRow | undefined> {
  return db
    .updateTable('mails')
    .set((set) => ({ attempts: set('attempts', '+', 1), send_after: until }))
    .where('id', '=', (from) =>
      from
        .selectFrom('mails')
        .select('id')
        .where('send_after', '<=', now)
        .orderBy('send_after')
        .limit(1)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .executeTakeFirst();
}

/** The mail is sent, or never will be. */
export async function deleteMail(db: Db, id: string): Promise<void> {
  await db.deleteFrom('mails').where('id', '=', id).execute();
}

/** The mail waits for its next turn. */
export async function postponeMail(db: Db, id: string, until: Date): Promise<void> {
  await db.updateTable('mails').set({ send_after: until }).where('id', '=', id).execute();
}

/** Withdraws mails to an account that are not sent yet. */
export async function deleteMailsOf(db: Db, userId: string, template: MailTemplate): Promise<void> {
  await db.deleteFrom('mails').where('user_id', '=', userId).where('template', '=', template).execute();
}
