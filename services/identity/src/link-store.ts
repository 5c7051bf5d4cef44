import type { Database } from '@irisvue/database';
import type { IdentityTables, LinkPurpose } from './schema.ts';

type Db = Database<IdentityTables>;

/** What a standing link proves and may do. */
export interface Link {
  readonly userId: string;
  readonly email: string;
}

export async function insertLink(
  db: Db,
  link: Link & { readonly sha256: Buffer; readonly purpose: LinkPurpose; readonly expiresAt: Date },
): Promise<void> {
  await db
    .insertInto('link_tokens')
    .values({
      sha256: link.sha256,
      purpose: link.purpose,
      user_id: link.userId,
      email: link.email,
      expires_at: link.expiresAt,
    })
    .execute();
}

/** Whether a link stands, without using it. */
export async function linkStands(db: Db, sha256: Buffer, purpose: LinkPurpose, now: Date): Promise<boolean> {
  const found = await db
    .selectFrom('link_tokens')
    .select('user_id')
    .where('sha256', '=', sha256)
    .where('purpose', '=', purpose)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return found !== undefined;
}

/** Uses a link up; undefined when it is unknown, used, expired or for another purpose. One caller gets it. */
export async function claimLink(db: Db, sha256: Buffer, purpose: LinkPurpose, now: Date): Promise<Link | undefined> {
  const claimed = await db
    .deleteFrom('link_tokens')
    .where('sha256', '=', sha256)
    .where('purpose', '=', purpose)
    .where('expires_at', '>', now)
    .returning(['user_id', 'email'])
    .executeTakeFirst();
  return claimed && { userId: claimed.user_id, email: claimed.email };
}

/** Revokes an account's links for these purposes. */
export async function deleteLinks(db: Db, userId: string, ...purposes: readonly LinkPurpose[]): Promise<void> {
  await db.deleteFrom('link_tokens').where('user_id', '=', userId).where('purpose', 'in', purposes).execute();
}

/** Forgets links that ended before `now`. */
export async function deleteEndedLinks(db: Db, now: Date): Promise<void> {
  await db.deleteFrom('link_tokens').where('expires_at', '<=', now).execute();
}
