import type { ConnectRouter } from '@connectrpc/connect';
import type { Database } from '@irisvue/database';
import type { Clock } from '@irisvue/runtime';
import type { IdentityTables } from '../schema.ts';
import { circleRoutes } from './circle-service.ts';
import { createCircles } from './circles.ts';
import { createInvitations } from './invitations.ts';
import { createMembers } from './members.ts';
import type { CirclesTables } from './schema.ts';

/** Wires circles on identity's database; gives what mounts their services. */
export function openCircles(o: {
  readonly db: Database<IdentityTables>;
  readonly clock: Clock;
  readonly circlesPerOwner: number;
  readonly membersPerCircle: number;
  /** Where the pages are that links open. */
  readonly webUrl: string;
}): (router: ConnectRouter) => void {
  const { clock, circlesPerOwner, membersPerCircle, webUrl } = o;
  const db = o.db.$extendTables<CirclesTables>();
  return circleRoutes({
    circles: createCircles({ db, clock, circlesPerOwner }),
    members: createMembers({ db }),
    invitations: createInvitations({ db, clock, membersPerCircle }),
    webUrl,
  });
}
