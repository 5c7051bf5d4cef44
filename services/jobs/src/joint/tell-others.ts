import type { Client } from '@connectrpc/connect';
import { MailTemplate, type ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import type { Database } from '@irisvue/database';
import { ErrorReason, reasonOf } from '@irisvue/runtime';
import type { JobsDatabase } from '../schema.ts';

/** Notices that one round sends; the next one goes on. */
const BATCH = 100;

export type Mailer = Pick<Client<typeof ServiceIdentityService>, 'sendMail'>;

/**
 * Tells the others in works that are not what they were, each once per work: identity knows a repeat by its request.
 * Throws what identity answers; what is not told yet stays noted. Gives how many notices were sent.
 */
export async function tellOthers(o: {
  readonly db: Database<JobsDatabase>;
  readonly identity: Mailer;
}): Promise<number> {
  const notices = await o.db.selectFrom('joint_notices').selectAll().orderBy('id').limit(BATCH).execute();
  for (const { id, user_id } of notices) {
    const mail = { requestId: id, userId: user_id, template: MailTemplate.JOINT_ARTWORK_WITHDRAWN, parameters: {} };
    try {
      await o.identity.sendMail(mail);
    } catch (error) {
      if (reasonOf(error) !== ErrorReason.NOT_FOUND) throw error; // whoever has left needs no mail
    }
    await o.db.deleteFrom('joint_notices').where('id', '=', id).execute();
  }
  return notices.length;
}
