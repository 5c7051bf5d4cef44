import { type Database, once, type RequestKey } from '@irisvue/database';
import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import { queueMail } from './mail/mail-queue.ts';
import { type MailTemplate, parametersOf } from './mail/mail-texts.ts';
import type { IdentityTables } from './schema.ts';

/** Queues a mail that another service asks for, once per request; gives its id. INVALID_FIELD for wrong parameters. */
export type ServiceMails = (
  request: RequestKey,
  mail: {
    readonly template: MailTemplate;
    readonly userId: string;
    readonly parameters: Readonly<Record<string, string>>;
  },
) => Promise<string>;

export function createServiceMails(o: { readonly db: Database<IdentityTables>; readonly clock: Clock }): ServiceMails {
  return async (request, mail) => {
    const wanted = parametersOf(mail.template).toSorted().join();
    if (Object.keys(mail.parameters).toSorted().join() !== wanted) {
      const metadata = { field: 'parameters', limit: wanted || 'none' };
      throw new DomainError(ErrorReason.INVALID_FIELD, 'the template names other parameters', metadata);
    }
    const { id } = await o.db
      .transaction()
      .execute((trx) => once(trx, request, () => queueMail(trx, mail, o.clock.now())));
    return id;
  };
}
