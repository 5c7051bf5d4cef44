import { createHash, randomBytes } from 'node:crypto';
import { type Database, newId, once, type RequestKey } from '@irisvue/database';
import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import type { Transaction } from 'kysely';
import type { ConsentTables } from '../schema.ts';
import type { InvitationRow } from './schema.ts';

const TOKEN_BYTES = 32;
const DEFAULT_VALID_MS = 7 * 24 * 3_600_000;
/** As many as a list shows. */
const MOST_LISTED = 250;

/** Links by which one person can permit a user to upload photos of that person's eyes. */
export interface Invitations {
  /** Makes one. A repeat gives no token: only its hash is kept. */
  create(o: {
    readonly uploaderId: string;
    readonly validMs?: number;
    readonly request: RequestKey;
  }): Promise<{ readonly invitation: InvitationRow; readonly token: string }>;
  /** What a token invites to. LINK_INVALID when it cannot be accepted, whatever the reason. */
  find(token: string): Promise<InvitationRow>;
  /** A user's own, newest first. */
  list(uploaderId: string): Promise<InvitationRow[]>;
  /** Ends one; harmless when it has ended. NOT_FOUND for another's. */
  revoke(o: { readonly id: string; readonly uploaderId: string; readonly request: RequestKey }): Promise<void>;
}

export function createInvitations(o: { readonly db: Database<ConsentTables>; readonly clock: Clock }): Invitations {
  const { db, clock } = o;
  return {
    async create({ uploaderId, validMs = DEFAULT_VALID_MS, request }) {
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      return db.transaction().execute(async (trx) => {
        const { id, fresh } = await once(trx, request, async () => {
          const now = clock.now();
          const row = {
            id: newId(),
            token_sha256: tokenDigest(token),
            uploader_id: uploaderId,
            created_at: now,
            expires_at: new Date(now.getTime() + validMs),
          };
          await trx.insertInto('subject_invitations').values(row).execute();
          return row.id;
        });
        const found = trx.selectFrom('subject_invitations').selectAll().where('id', '=', id);
        return { invitation: await found.executeTakeFirstOrThrow(), token: fresh ? token : '' };
      });
    },

    async find(token) {
      const found = await db
        .selectFrom('subject_invitations')
        .selectAll()
        .where('token_sha256', '=', tokenDigest(token))
        .where('accepted_at', 'is', null)
        .where('revoked_at', 'is', null)
        .where('expires_at', '>', clock.now())
        .executeTakeFirst();
      if (found === undefined) throw linkInvalid();
      return found;
    },

    list: (uploaderId) =>
      db
        .selectFrom('subject_invitations')
        .selectAll()
        .where('uploader_id', '=', uploaderId)
        .orderBy('id', 'desc')
        .limit(MOST_LISTED)
        .execute(),

    async revoke({ id, uploaderId, request }) {
      await db.transaction().execute((trx) =>
        once(trx, request, async () => {
          const own = trx.updateTable('subject_invitations').where('id', '=', id).where('uploader_id', '=', uploaderId);
          const { numUpdatedRows } = await own
            .set((set) => ({ revoked_at: set.fn.coalesce('revoked_at', set.val(clock.now())) }))
            .executeTakeFirst();
          if (numUpdatedRows > 0n) return id;
          throw new DomainError(ErrorReason.NOT_FOUND, 'there is no such invitation', { resource: 'invitation', id });
        }),
      );
    },
  };
}

/**
 * Uses an invitation up: of many who try at once, one does. Gives who invited. LINK_INVALID when it is unknown, used,
 * expired, revoked or the caller's own.
 */
export async function useInvitation(
  trx: Transaction<ConsentTables>,
  token: string,
  o: { readonly userId: string; readonly now: Date },
): Promise<string> {
  const used = await trx
    .updateTable('subject_invitations')
    .set({ accepted_at: o.now })
    .where('token_sha256', '=', tokenDigest(token))
    .where('uploader_id', '<>', o.userId)
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', o.now)
    .returning('uploader_id')
    .executeTakeFirst();
  if (used === undefined) throw linkInvalid();
  return used.uploader_id;
}

// 256 random bits need no slow hash: there is nothing to guess.
function tokenDigest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function linkInvalid(): DomainError {
  return new DomainError(ErrorReason.LINK_INVALID, 'the link does not work (any more)', { problem: 'invalid' });
}
