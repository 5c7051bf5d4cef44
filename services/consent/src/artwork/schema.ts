import type { Generated, GeneratedAlways, Selectable } from 'kysely';

export type ArtworkPurposeName = 'fusion' | 'composition';
export type PermissionState = 'requested' | 'granted' | 'denied' | 'withdrawn';

/** What was asked, allowed, denied or taken back: use of an owner's iris by one creator. Rows are only ever added. */
export interface ArtworkPermissionEventsTable {
  id: string;
  seq: GeneratedAlways<number>;
  /** Id of the first event of the same two people and scope. */
  permission_id: string;
  owner_principal_id: string;
  creator_principal_id: string;
  /** Null: every iris of the owner in the artwork. */
  photo_id: string | null;
  /** Null: in every artwork. */
  artwork_id: string | null;
  /** Null: both kinds. */
  purpose: ArtworkPurposeName | null;
  /** Null: in artworks that are in no circle. */
  circle_id: string | null;
  /** Short names of recipients outside the mesh. */
  recipients: Generated<string[]>;
  state: PermissionState;
  /** When a grant ends by itself; null: never. */
  expires_at: Date | null;
  created_at: Date;
}

/** A permission as it stands: its latest event, and who the two people are. */
export type PermissionRow = Selectable<ArtworkPermissionEventsTable> & {
  readonly owner_id: string;
  readonly creator_id: string;
};
