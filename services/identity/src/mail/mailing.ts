import path from 'node:path';
import type { Logger } from '@irisvue/runtime';
import { folderTransport, type MailTransport, smtpTransport } from './mail-transport.ts';
import { type MailWorkerOptions, sendMails } from './mail-worker.ts';

/** Sends queued mails until it is disposed of: to a mail server, else into a folder. Options as of MailWorkerOptions. */
export function startMailing(
  o: Omit<MailWorkerOptions, 'transport' | 'signal'> & {
    readonly smtpUrl: string | undefined;
    readonly folder: string;
    readonly from: string;
  },
): AsyncDisposable {
  const stopping = new AbortController();
  const sent = sendMails({ ...o, transport: transportOf(o), signal: stopping.signal });
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await sent;
    },
  };
}

function transportOf(o: {
  readonly smtpUrl: string | undefined;
  readonly folder: string;
  readonly from: string;
  readonly logger: Logger;
}): MailTransport {
  if (o.smtpUrl !== undefined) return smtpTransport({ url: o.smtpUrl, from: o.from });
  const folder = path.resolve(o.folder);
  o.logger.info({ folder }, 'there is no mail server: mails are written into a folder');
  return folderTransport({ folder, from: o.from });
}
