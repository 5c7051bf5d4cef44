import type { Database } from '@irisvue/database';
import type { Selectable } from 'kysely';
import { userByEmail, userById } from '../account-store.ts';
import type { Language } from '../language.ts';
import { insertLink } from '../link-store.ts';
import { newSecretToken } from '../link-tokens.ts';
import type { IdentityTables, LinkPurpose, MailsTable, UserRow } from '../schema.ts';
import type { MailTemplate } from './mail-texts.ts';

export type MailRow = Selectable<MailsTable>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How long a link works from when it is mailed, and the page that takes its token. */
const LINKS: Readonly<Record<LinkPurpose, { readonly lifetimeMs: number; readonly path: string }>> = {
  verify_email: { lifetimeMs: 3 * DAY_MS, path: 'account/verify' },
  reset_password: { lifetimeMs: HOUR_MS, path: 'account/reset-password' },
  change_email: { lifetimeMs: DAY_MS, path: 'account/change-email' },
};

/** To whom a queued mail goes and what it says. */
export interface AddressedMail {
  readonly to: string;
  /** The account that it is about. */
  readonly userId: string;
  readonly template: MailTemplate;
  readonly language: Language;
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Decides who gets a queued mail, and makes the token of its link; undefined when nobody should get it (any more).
 * That this is decided here and not when the mail was asked for keeps the asking the same for every address.
 */
export async function addressMail(
  db: Database<IdentityTables>,
  mail: MailRow,
  o: { readonly now: Date; readonly webUrl: string },
): Promise<AddressedMail | undefined> {
  const template = mail.template as MailTemplate;
  const user = mail.user_id === null ? await userByEmail(db, mail.email!) : await userById(db, mail.user_id);
  if (user === undefined || !user.active) return undefined;
  const withLink = async (purpose: LinkPurpose, to: string): Promise<AddressedMail> => ({
    to,
    userId: user.id,
    template,
    language: user.language,
    parameters: { ...mail.parameters, link: await newLink(db, { purpose, user, to, ...o }) },
  });
  switch (template) {
    case 'verify_email':
      return user.verified ? undefined : withLink(template, user.email);
    case 'reset_password':
      return maySetPassword(user) ? withLink(template, user.email) : undefined;
    case 'change_email': {
      const to = mail.email!;
      const taken = await userByEmail(db, to);
      if (taken === undefined || taken.id === user.id) return withLink(template, to);
      const { id: userId, language } = taken;
      return { to: taken.email, userId, template: 'address_taken', language, parameters: {} };
    }
    default: {
      const { id: userId, language } = user;
      return { to: mail.email ?? user.email, userId, template, language, parameters: mail.parameters };
    }
  }
}

// An address that nobody proved must not become a key to an account that a provider signs in.
function maySetPassword(user: UserRow): boolean {
  return user.password_hash !== null || user.verified;
}

/** The token stands after the #, which browsers send to no server and name in no referrer. */
async function newLink(
  db: Database<IdentityTables>,
  o: {
    readonly purpose: LinkPurpose;
    readonly user: UserRow;
    readonly to: string;
    readonly now: Date;
    readonly webUrl: string;
  },
): Promise<string> {
  const { lifetimeMs, path } = LINKS[o.purpose];
  const { token, sha256 } = newSecretToken();
  const expiresAt = new Date(o.now.getTime() + lifetimeMs);
  await insertLink(db, { sha256, purpose: o.purpose, userId: o.user.id, email: o.to, expiresAt });
  return `${o.webUrl}/${path}#${token}`;
}
