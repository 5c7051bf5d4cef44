import { newId, once, type Page, type RequestKey } from '@irisvue/database';
import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import { lockOwnCircle, noSuchCircle, noSuchMember, requireRoom } from './circle-rules.ts';
import {
  type CountedCircle,
  countOwned,
  deleteCircle,
  findCircle,
  insertCircle,
  listCircles,
  lockOwner,
  updateCircle,
} from './circle-store.ts';
import { insertMember, isMember } from './member-store.ts';
import type { CirclesDb, CirclesTrx } from './schema.ts';

/** A change that a user asks for, once. */
export interface Asked {
  readonly userId: string;
  readonly request: RequestKey;
}

/**
 * Circles and who owns them. Each call throws NOT_FOUND {resource: circle} to everybody but the circle's members, and
 * what only its owner may do NOT_ALLOWED to the other members. A repeated request changes nothing.
 */
export interface Circles {
  /** Makes a circle that the caller owns. CIRCLE_LIMIT_REACHED {resource: circle} when the caller owns enough. */
  create(o: Asked & { readonly name: string }): Promise<CountedCircle>;
  get(circleId: string, userId: string): Promise<CountedCircle>;
  /** The caller's circles, newest first, one more than the page holds. */
  list(userId: string, page: Page): Promise<CountedCircle[]>;
  rename(o: Asked & { readonly circleId: string; readonly name: string }): Promise<CountedCircle>;
  delete(o: Asked & { readonly circleId: string }): Promise<void>;
  /**
   * Makes the member `toUserId` the owner; harmless when it is. NOT_FOUND {resource: member} when that is no member;
   * CIRCLE_LIMIT_REACHED {resource: circle} when that member owns enough.
   */
  transfer(o: Asked & { readonly circleId: string; readonly toUserId: string }): Promise<CountedCircle>;
}

export function createCircles(o: {
  readonly db: CirclesDb;
  readonly clock: Clock;
  /** Circles that one account may own. */
  readonly circlesPerOwner: number;
}): Circles {
  const { db, clock } = o;
  const get = async (circleId: string, userId: string): Promise<CountedCircle> => {
    const circle = await findCircle(db, circleId, userId);
    if (circle === undefined) throw noSuchCircle(circleId);
    return circle;
  };
  const change = async (asked: Asked, make: (trx: CirclesTrx) => Promise<string>): Promise<string> => {
    const { id } = await db.transaction().execute((trx) => once(trx, asked.request, () => make(trx)));
    return id;
  };
  const requireRoomToOwn = async (trx: CirclesTrx, userId: string): Promise<void> => {
    if (!(await lockOwner(trx, userId))) throw new DomainError(ErrorReason.TOKEN_INVALID, 'the account is gone');
    requireRoom('circle', await countOwned(trx, userId), o.circlesPerOwner);
  };

  return {
    async create(asked) {
      const circleId = await change(asked, async (trx) => {
        await requireRoomToOwn(trx, asked.userId);
        const id = newId();
        const now = clock.now();
        await insertCircle(trx, { id, name: asked.name, ownerId: asked.userId, now });
        await insertMember(trx, { id: newId(), circleId: id, userId: asked.userId, now });
        return id;
      });
      return await get(circleId, asked.userId);
    },
    get,
    list: (userId, page) => listCircles(db, userId, page),
    async rename(asked) {
      await change(asked, async (trx) => {
        await lockOwnCircle(trx, asked.circleId, asked.userId);
        await updateCircle(trx, asked.circleId, { name: asked.name }, clock.now());
        return asked.circleId;
      });
      return await get(asked.circleId, asked.userId);
    },
    async delete(asked) {
      await change(asked, async (trx) => {
        await lockOwnCircle(trx, asked.circleId, asked.userId);
        await deleteCircle(trx, asked.circleId);
        return asked.circleId;
      });
    },
    async transfer(asked) {
      const { circleId, userId, toUserId } = asked;
      await change(asked, async (trx) => {
        await lockOwnCircle(trx, circleId, userId);
        if (toUserId === userId) return circleId;
        if (!(await isMember(trx, circleId, toUserId))) throw noSuchMember(toUserId);
        await requireRoomToOwn(trx, toUserId);
        await updateCircle(trx, circleId, { owner_id: toUserId }, clock.now());
        return circleId;
      });
      return await get(circleId, userId);
    },
  };
}
