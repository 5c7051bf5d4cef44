import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { ArtworkPermissionWithdrawnSchema } from '@irisvue/contracts/irisvue/consent/v1/events';
import { type Database, newId, once, type Page, type RequestKey } from '@irisvue/database';
import { appendEvent } from '@irisvue/events';
import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import type { Transaction } from 'kysely';
import { auditPermission } from '../audited.ts';
import { accountOf, lockSubject, principalOf } from '../principals.ts';
import { namedRecipients, type Recipient } from '../recipients.ts';
import type { ConsentTables } from '../schema.ts';
import {
  findPermission,
  insertPermissionEvent,
  permissionsBetween,
  permissionsOf,
  scopeColumns,
} from './permission-store.ts';
import type { PermissionRow, PermissionState } from './schema.ts';
import { type ArtworkUse, type OwnedPhoto, type PermissionScope, permits } from './scope.ts';

/** Each is a mail to the owner: a creator may not have more than these unanswered by one owner. */
const MOST_OPEN = 10;
const DAY_MS = 24 * 3_600_000;

/** Whose iris, by whom, what for. */
export interface PermissionWish {
  readonly ownerId: string;
  readonly creatorId: string;
  readonly scope: PermissionScope;
  /** Short names of recipients outside the mesh. */
  readonly recipients: readonly string[];
  readonly request: RequestKey;
}

/** Permissions to use somebody's iris in somebody else's artworks (CR-20). */
export interface ArtworkPermissions {
  /**
   * Asks for one. What was asked, granted or denied already stays as it is. INVALID_FIELD for a scope without photo and
   * artwork, a recipient that is not offered, or one's own iris; RATE_LIMITED when too many wait for this owner's answer.
   */
  ask(wish: PermissionWish): Promise<PermissionRow>;
  /** Gives one, asked for or not, until `expiresAt` if given. The same grant twice is one. INVALID_FIELD as for ask. */
  grant(wish: PermissionWish & { readonly expiresAt?: Date }): Promise<PermissionRow>;
  /** Refuses what was asked; what was answered stays as it is. NOT_FOUND for another's iris. */
  deny(o: { readonly ownerId: string; readonly id: string; readonly request: RequestKey }): Promise<PermissionRow>;
  /**
   * Takes back all that stands for this photo or artwork, whatever the scope, and publishes that; gives the events.
   */
  withdraw(o: Omit<PermissionWish, 'recipients'>): Promise<string[]>;
  /** A user's permissions, as owner or creator, newest first, one more than the page holds. */
  list(userId: string, page: Page): Promise<PermissionRow[]>;
  /**
   * The photos that the creator may not use so. One's own needs no permission. A permission counts only when it was
   * given by the photo's owner, whom the asking service names: so one that was given for another's photo is worth
   * nothing.
   */
  pending(use: ArtworkUse, photos: readonly OwnedPhoto[]): Promise<string[]>;
}

export function createArtworkPermissions(o: {
  readonly db: Database<ConsentTables>;
  readonly offered: readonly Recipient[];
  readonly clock: Clock;
}): ArtworkPermissions {
  const { db, clock } = o;

  /** Records an event unless `next` finds that nothing has to happen; gives the permission's id. */
  async function change(
    wish: PermissionWish,
    next: (before: PermissionRow | undefined, all: readonly PermissionRow[]) => NextEvent | undefined,
  ): Promise<PermissionRow> {
    requireScope(wish.scope);
    namedRecipients(o.offered, wish.recipients);
    return db.transaction().execute(async (trx) => {
      const { id } = await once(trx, wish.request, async () => {
        await lockSubject(trx, wish.ownerId);
        const all = await permissionsBetween(trx, [wish.ownerId], wish.creatorId);
        const before = all.find((permission) => isSameScope(permission, wish.scope));
        const event = next(before, all);
        if (event === undefined) return before!.permission_id;
        return (await append(trx, wish, event, before?.permission_id)).permissionId;
      });
      return (await findPermission(trx, id))!;
    });
  }

  async function append(
    trx: Transaction<ConsentTables>,
    { ownerId, creatorId, scope }: Pick<PermissionWish, 'ownerId' | 'creatorId' | 'scope'>,
    event: NextEvent,
    known?: string,
  ) {
    const id = newId();
    const permissionId = known ?? id;
    await insertPermissionEvent(trx, {
      id,
      permission_id: permissionId,
      owner_principal_id: await principalOf(trx, accountOf(ownerId)),
      creator_principal_id: await principalOf(trx, accountOf(creatorId)),
      ...scopeColumns(scope),
      state: event.state,
      recipients: [...(event.recipients ?? [])],
      expires_at: event.expiresAt,
      created_at: clock.now(),
    });
    if (event.state !== 'requested') {
      const resources = { permission: permissionId, ...(scope.photoId && { photo: scope.photoId }) };
      const state = event.state === 'granted' ? 'granted' : 'ended';
      await auditPermission(trx, state, { ownerId, resources, time: clock.now() });
    }
    return { id, permissionId };
  }

  return {
    async ask(wish) {
      if (wish.ownerId === wish.creatorId) throw invalid('owner_id', 'somebody else');
      return change(wish, (before, all) => {
        if (before !== undefined && !isOver(before, clock.now())) return undefined;
        if (all.filter(({ state }) => state === 'requested').length >= MOST_OPEN) throw tooManyOpen();
        return { state: 'requested', recipients: wish.recipients };
      });
    },

    async grant({ expiresAt, ...wish }) {
      if (expiresAt !== undefined && expiresAt <= clock.now()) throw invalid('expire_time', 'later than now');
      return change(wish, (before) => {
        const stands =
          before?.state === 'granted' &&
          before.expires_at?.getTime() === expiresAt?.getTime() &&
          before.recipients.toSorted().join() === wish.recipients.toSorted().join();
        return stands ? undefined : { state: 'granted', expiresAt, recipients: wish.recipients };
      });
    },

    async deny({ ownerId, id, request }) {
      return db.transaction().execute(async (trx) => {
        await once(trx, request, async () => {
          await lockSubject(trx, ownerId);
          const before = await findPermission(trx, id);
          if (before?.owner_id !== ownerId) throw noSuchPermission(id);
          if (before.state === 'requested') await append(trx, wishOf(before), { state: 'denied' }, id);
          return id;
        });
        return (await findPermission(trx, id))!;
      });
    },

    async withdraw({ ownerId, creatorId, scope, request }) {
      requireScope(scope);
      const { id } = await db.transaction().execute((trx) =>
        once(trx, request, async () => {
          await lockSubject(trx, ownerId);
          const events: string[] = [];
          for (const permission of await permissionsBetween(trx, [ownerId], creatorId)) {
            if (permission.state !== 'granted' || !isAbout(permission, scope)) continue;
            const { id: event } = await append(
              trx,
              wishOf(permission),
              { state: 'withdrawn' },
              permission.permission_id,
            );
            events.push(event);
          }
          if (events.length > 0) {
            const fact = { ownerId, creatorId, withdrawTime: timestampFromDate(clock.now()) };
            await appendEvent(trx, ArtworkPermissionWithdrawnSchema, create(ArtworkPermissionWithdrawnSchema, fact));
          }
          return events.join(',');
        }),
      );
      return id === '' ? [] : id.split(',');
    },

    list: (userId, page) => permissionsOf(db, userId, page),

    async pending(use, photos) {
      const foreign = photos.filter((photo) => photo.ownerId !== use.creatorId);
      if (foreign.length === 0) return [];
      const owners = foreign.map((photo) => photo.ownerId);
      const permissions = await permissionsBetween(db, owners, use.creatorId);
      const now = clock.now();
      const isAllowed = (photo: OwnedPhoto) => permissions.some((permission) => permits(permission, photo, use, now));
      return foreign.filter((photo) => !isAllowed(photo)).map((photo) => photo.photoId);
    },
  };
}

interface NextEvent {
  readonly state: PermissionState;
  readonly recipients?: readonly string[];
  readonly expiresAt?: Date;
}

/** Whether a permission has run out or was taken back, so that it can be asked for anew. A no stays a no. */
function isOver({ state, expires_at }: PermissionRow, now: Date): boolean {
  return state === 'withdrawn' || (state === 'granted' && expires_at !== null && expires_at <= now);
}

function isSameScope(permission: PermissionRow, scope: PermissionScope): boolean {
  const columns = scopeColumns(scope);
  return (Object.keys(columns) as (keyof typeof columns)[]).every((name) => permission[name] === columns[name]);
}

/** Whether taking back "this photo" or "this artwork" means this permission. */
function isAbout(permission: PermissionRow, { photoId, artworkId }: PermissionScope): boolean {
  return (
    (photoId === undefined || permission.photo_id === photoId) &&
    (artworkId === undefined || permission.artwork_id === artworkId)
  );
}

function wishOf({ owner_id, creator_id, ...row }: PermissionRow) {
  const scope: PermissionScope = {
    photoId: row.photo_id ?? undefined,
    artworkId: row.artwork_id ?? undefined,
    purpose: row.purpose ?? undefined,
    circleId: row.circle_id ?? undefined,
  };
  return { ownerId: owner_id, creatorId: creator_id, scope };
}

function requireScope({ photoId, artworkId }: PermissionScope): void {
  if (photoId === undefined && artworkId === undefined) throw invalid('photo_id', 'a photo or an artwork');
}

function invalid(field: string, limit: string): DomainError {
  return new DomainError(ErrorReason.INVALID_FIELD, `${field} must be: ${limit}`, { field, limit });
}

function tooManyOpen(): DomainError {
  const message = `${MOST_OPEN} requests wait for this owner's answer already`;
  return new DomainError(ErrorReason.RATE_LIMITED, message, { retry_after_ms: String(DAY_MS) });
}

function noSuchPermission(id: string): DomainError {
  return new DomainError(ErrorReason.NOT_FOUND, 'there is no such permission', { resource: 'permission', id });
}
