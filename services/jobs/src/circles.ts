import type { Client } from '@connectrpc/connect';
import type { ActiveMember, ServiceCircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { DomainError, ErrorReason } from '@irisvue/runtime';

/** Asked at every read: who is in a circle is known to identity alone, and is true for that moment only. */
export type CircleClient = Pick<Client<typeof ServiceCircleService>, 'listActiveMembers' | 'checkMembership'>;

/** Where an artwork is shared, and by which membership of its creator. */
export interface Shared {
  readonly circleId: string;
  readonly membershipId: string;
}

/**
 * The membership that the user has in a circle. Throws NOT_FOUND {resource: circle} when there is none;
 * DEPENDENCY_DOWN when identity cannot be asked.
 */
export async function requireMembership(
  client: CircleClient,
  circleId: string,
  userId: string,
  signal?: AbortSignal,
): Promise<Shared> {
  const { member } = await client.checkMembership({ circleId, userId }, { signal });
  if (member === undefined) throw noSuchCircle(circleId);
  return { circleId, membershipId: member.membershipId };
}

/**
 * The memberships whose art a circle's gallery shows to `userId`. Throws NOT_FOUND {resource: circle} when that is no
 * member; DEPENDENCY_DOWN when identity cannot be asked.
 */
export async function membershipsFor(
  client: CircleClient,
  circleId: string,
  userId: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const { members } = await client.listActiveMembers({ circleId }, { signal });
  if (!members.some(isOf(userId))) throw noSuchCircle(circleId);
  return members.map((member) => member.membershipId);
}

/**
 * Whether a shared artwork is in a gallery that `userId` may see now: both are members, and its creator still by the
 * membership that it was shared by. Throws DEPENDENCY_DOWN when identity cannot be asked.
 */
export async function isShownTo(
  client: CircleClient,
  shared: Shared,
  userId: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const { members } = await client.listActiveMembers({ circleId: shared.circleId }, { signal });
  return members.some(isOf(userId)) && members.some((member) => member.membershipId === shared.membershipId);
}

function isOf(userId: string): (member: ActiveMember) => boolean {
  return (member) => member.userId === userId;
}

function noSuchCircle(id: string): DomainError {
  return new DomainError(ErrorReason.NOT_FOUND, 'there is no such circle', { resource: 'circle', id });
}
