import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';

/** Folder that mails are written into while there is no mail server. */
export type MailFolder = string;

/** Deletes the mails to an address; gives how many. Mails that were sent by SMTP are out of reach. */
export async function deleteMailsTo(folder: MailFolder, address: string): Promise<number> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  let deleted = 0;
  for (const name of names) {
    const file = path.join(folder, name);
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''; // it was renamed or deleted meanwhile
      throw error;
    });
    if (!text.toLowerCase().includes(address.toLowerCase())) continue;
    await rm(file, { force: true });
    deleted += 1;
  }
  return deleted;
}
