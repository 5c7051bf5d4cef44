import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** What a link is for: the path of its page. */
export type LinkPage = 'verify' | 'reset-password' | 'change-email';

const WAIT_MS = 5_000;
const POLL_MS = 50;

/**
 * The newest link that the mesh on this machine mailed to an address since `after`. Such a mesh writes its mails into
 * `home/mail` as long as it has no mail server; undefined when none comes within 5 s.
 */
export async function mailedLink(
  home: string,
  o: { readonly to: string; readonly page: LinkPage; readonly after: Date },
): Promise<string | undefined> {
  const folder = join(home, 'mail');
  const deadline = performance.now() + WAIT_MS;
  while (performance.now() < deadline) {
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.eml') && name[0] !== '.');
    for (const name of names.toSorted().reverse()) {
      if (mailTime(name) < o.after.getTime()) break;
      const link = linkIn(await readFile(join(folder, name), 'utf8'), o);
      if (link !== undefined) return link;
    }
    await wait(POLL_MS);
  }
  return undefined;
}

/** The token of a link, or what was given when it is none. */
export function tokenOf(linkOrToken: string): string {
  return linkOrToken.slice(linkOrToken.lastIndexOf('#') + 1).trim();
}

/** A mail's name begins with its id, a UUIDv7, whose first 48 bits are its time in milliseconds (RFC 9562 §5.7). */
function mailTime(name: string): number {
  return Number.parseInt(name.slice(0, 13).replace('-', ''), 16);
}

function linkIn(mail: string, { to, page }: { readonly to: string; readonly page: LinkPage }): string | undefined {
  const recipient = /^To: .*?([^\s<>]+@[^\s<>]+)>?\s*$/im.exec(mail)?.[1];
  if (recipient?.toLowerCase() !== to.toLowerCase()) return undefined;
  // Quoted-printable (RFC 2045 §6.7) breaks long lines and writes "=" as "=3D".
  const text = mail.replace(/=\r?\n/g, '').replace(/=3D/g, '=');
  return new RegExp(`https?://[^\\s"<>#]+/account/${page}#[\\w-]+`).exec(text)?.[0];
}
