import type { Database } from '@irisvue/database';
import type { Selectable, Transaction } from 'kysely';
import type { IdentityTables } from '../schema.ts';

export interface CirclesTable {
  id: string;
  name: string;
  /** A member, always: the database sees to it on commit. The circle goes with this account. */
  owner_id: string;
  created_at: Date;
  updated_at: Date;
}

export interface CircleMembersTable {
  /** The membership: another one after leaving and joining again, so that what was shared under it stays gone. */
  id: string;
  circle_id: string;
  user_id: string;
  joined_at: Date;
}

export interface CircleInvitationsTable {
  id: string;
  circle_id: string;
  uses: number;
  uses_left: number;
  created_at: Date;
  expires_at: Date;
}

export interface CircleInvitationTokensTable {
  /** SHA-256 of a token that opens the invitation. The token itself is known to those it was given to only. */
  sha256: Buffer;
  invitation_id: string;
}

/** A type, not an interface: so it can be added to the tables of a database that is open. */
export type CirclesTables = {
  circles: CirclesTable;
  circle_members: CircleMembersTable;
  circle_invitations: CircleInvitationsTable;
  circle_invitation_tokens: CircleInvitationTokensTable;
};

export type CirclesDb = Database<IdentityTables & CirclesTables>;
export type CirclesTrx = Transaction<IdentityTables & CirclesTables>;
export type CircleRow = Selectable<CirclesTable>;
export type InvitationRow = Selectable<CircleInvitationsTable>;
