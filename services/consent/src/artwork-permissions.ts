import { type Database, newId, once, type RequestKey } from '@irisvue/database';
import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import type { Transaction } from 'kysely';
import { insertPermissionEvent, latestPermissions, lockPhoto } from './artwork-permission-store.ts';
import { accountOf, principalOf } from './principals.ts';
import type { ConsentTables, PermissionRow } from './schema.ts';

/** Use of one photo by one creator, as its owner allows it. */
export interface PermissionScope {
  readonly ownerId: string;
  readonly photoId: string;
  readonly creatorId: string;
}

/** Permissions to use somebody's photo in somebody else's artworks. */
export interface ArtworkPermissions {
  /** Allows it, until `expiresAt` if given. The same grant twice is one. INVALID_FIELD when `expiresAt` is past. */
  grant(o: { readonly scope: PermissionScope; readonly expiresAt?: Date; readonly request: RequestKey }): Promise<void>;
  /** Takes it back; harmless when it is not allowed. */
  withdraw(o: { readonly scope: PermissionScope; readonly request: RequestKey }): Promise<void>;
  /**
   * The photos that the creator may not use. One's own needs no permission. A permission counts only when it was given
   * by the photo's owner, whom the asking service names: so one that was given for another's photo is worth nothing.
   */
  pending(
    creatorId: string,
    photos: readonly { readonly photoId: string; readonly ownerId: string }[],
  ): Promise<string[]>;
}

export function createArtworkPermissions(o: {
  readonly db: Database<ConsentTables>;
  readonly clock: Clock;
}): ArtworkPermissions {
  const { db, clock } = o;
  return {
    async grant({ scope, expiresAt, request }) {
      if (expiresAt !== undefined && expiresAt <= clock.now()) {
        throw new DomainError(ErrorReason.INVALID_FIELD, 'the permission would have ended already', {
          field: 'expire_time',
          limit: 'later than now',
        });
      }
      await change(request, scope, async (trx, before) => {
        const stands = before?.state === 'granted' && before.expires_at?.getTime() === expiresAt?.getTime();
        if (!stands) await append(trx, scope, 'granted', expiresAt);
      });
    },

    async withdraw({ scope, request }) {
      await change(request, scope, async (trx, before) => {
        if (before?.state === 'granted') await append(trx, scope, 'withdrawn');
      });
    },

    async pending(creatorId, photos) {
      const foreign = photos.filter((photo) => photo.ownerId !== creatorId);
      if (foreign.length === 0) return [];
      const ids = foreign.map((photo) => photo.photoId);
      const rows = await latestPermissions(db, creatorId, ids);
      const now = clock.now();
      const allowed = (photo: { photoId: string; ownerId: string }) =>
        rows.some((row) => row.photo_id === photo.photoId && row.owner_id === photo.ownerId && permits(row, now));
      return foreign.filter((photo) => !allowed(photo)).map((photo) => photo.photoId);
    },
  };

  async function change(
    request: RequestKey,
    scope: PermissionScope,
    make: (trx: Transaction<ConsentTables>, before: PermissionRow | undefined) => Promise<void>,
  ): Promise<void> {
    await db.transaction().execute((trx) =>
      once(trx, request, async () => {
        await lockPhoto(trx, scope.photoId);
        const rows = await latestPermissions(trx, scope.creatorId, [scope.photoId]);
        await make(
          trx,
          rows.find((row) => row.owner_id === scope.ownerId),
        );
        return scope.photoId;
      }),
    );
  }

  async function append(
    trx: Transaction<ConsentTables>,
    scope: PermissionScope,
    state: PermissionRow['state'],
    expiresAt?: Date,
  ): Promise<void> {
    await insertPermissionEvent(trx, {
      id: newId(),
      photo_id: scope.photoId,
      owner_principal_id: await principalOf(trx, accountOf(scope.ownerId)),
      creator_principal_id: await principalOf(trx, accountOf(scope.creatorId)),
      state,
      expires_at: expiresAt,
      created_at: clock.now(),
    });
  }
}

/** Whether the latest event of a scope allows the use at `now`. */
export function permits(latest: Pick<PermissionRow, 'state' | 'expires_at'>, now: Date): boolean {
  return latest.state === 'granted' && (latest.expires_at === null || latest.expires_at > now);
}
