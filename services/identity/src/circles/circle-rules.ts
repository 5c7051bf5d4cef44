import { DomainError, ErrorReason } from '@irisvue/runtime';
import { lockCircle } from './circle-store.ts';
import { isMember } from './member-store.ts';
import type { CircleRow, CirclesDb, CirclesTrx } from './schema.ts';

/** NOT_FOUND: there is no such circle, or none that the caller is a member of. */
export function noSuchCircle(id: string): DomainError {
  return new DomainError(ErrorReason.NOT_FOUND, 'there is no such circle', { resource: 'circle', id });
}

/** NOT_FOUND: the circle has no such member. */
export function noSuchMember(userId: string): DomainError {
  return new DomainError(ErrorReason.NOT_FOUND, 'the circle has no such member', { resource: 'member', id: userId });
}

/** Throws CIRCLE_LIMIT_REACHED {resource, limit} when there are `count` of at most `limit` already. */
export function requireRoom(resource: 'circle' | 'member' | 'invitation', count: number, limit: number): void {
  if (count < limit) return;
  const metadata = { resource, limit: String(limit) };
  throw new DomainError(ErrorReason.CIRCLE_LIMIT_REACHED, `no ${resource} more is allowed`, metadata);
}

/** NOT_FOUND {resource: circle} unless the caller is a member. */
export async function requireMember(db: CirclesDb, circleId: string, userId: string): Promise<void> {
  if (!(await isMember(db, circleId, userId))) throw noSuchCircle(circleId);
}

/** Locks a circle of the caller. NOT_FOUND {resource: circle} unless the caller is a member. */
export async function lockCircleOf(trx: CirclesTrx, circleId: string, userId: string): Promise<CircleRow> {
  const circle = await lockCircle(trx, circleId);
  if (circle === undefined || !(await isMember(trx, circleId, userId))) throw noSuchCircle(circleId);
  return circle;
}

/** The same, for what only the owner may do: NOT_ALLOWED {needed: circle_owner} for the other members. */
export async function lockOwnCircle(trx: CirclesTrx, circleId: string, userId: string): Promise<CircleRow> {
  const circle = await lockCircleOf(trx, circleId, userId);
  if (circle.owner_id !== userId) throw onlyTheOwner();
  return circle;
}

/** NOT_ALLOWED {needed: circle_owner}. */
export function onlyTheOwner(): DomainError {
  return new DomainError(ErrorReason.NOT_ALLOWED, 'only the owner of the circle may', { needed: 'circle_owner' });
}
