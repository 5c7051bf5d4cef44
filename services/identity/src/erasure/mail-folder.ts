import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';

/** Folder that mails are written into while there is no mail server. */
export type MailFolder = string;

/**
 * Deletes the mails that hold one of `texts`: an account's address, and its id, which its mails keep as a header, so that
 * those to a former address are among them. Gives how many. Mails that were sent by SMTP are out of reach.
 */
export async function deleteMailsWith(folder: MailFolder, texts: readonly string[]): Promise<number> {
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
    const lower = text.toLowerCase();
    if (!texts.some((sought) => lower.includes(sought.toLowerCase()))) continue;
    await rm(file, { force: true });
    deleted += 1;
  }
  return deleted;
}
