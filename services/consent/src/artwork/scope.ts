import type { ArtworkPurposeName, PermissionRow } from './schema.ts';

/** What a permission is about. At least one of photo and artwork is named. */
export interface PermissionScope {
  readonly photoId?: string;
  readonly artworkId?: string;
  /** Undefined: both kinds. */
  readonly purpose?: ArtworkPurposeName;
  /** Undefined: only artworks that are in no circle. */
  readonly circleId?: string;
}

/** What somebody wants to do with photos. */
export interface ArtworkUse {
  readonly creatorId: string;
  /** Undefined: any kind. */
  readonly purpose?: ArtworkPurposeName;
  readonly circleId?: string;
  /** Undefined: the artwork does not exist yet. */
  readonly artworkId?: string;
  /** A recipient outside the mesh, by its short name; undefined: it stays inside. */
  readonly recipient?: string;
}

/** A photo and whose permission its use needs. */
export interface OwnedPhoto {
  readonly photoId: string;
  readonly ownerId: string;
}

type Standing = Pick<
  PermissionRow,
  'state' | 'expires_at' | 'owner_id' | 'photo_id' | 'artwork_id' | 'purpose' | 'circle_id' | 'recipients'
>;

/**
 * Whether a permission, as it stands at `now`, allows this use of this photo: it is given by whose iris it is, has not
 * ended, and its scope holds the use. A wider scope holds a narrower use, except for circles: what is allowed outside
 * circles is not allowed in one.
 */
export function permits(permission: Standing, photo: OwnedPhoto, use: ArtworkUse, now: Date): boolean {
  const { state, expires_at, photo_id, artwork_id, purpose, circle_id } = permission;
  return (
    state === 'granted' &&
    (expires_at === null || expires_at > now) &&
    permission.owner_id === photo.ownerId &&
    (photo_id === null || photo_id === photo.photoId) &&
    (artwork_id === null || artwork_id === use.artworkId) &&
    (purpose === null || purpose === use.purpose) &&
    circle_id === (use.circleId ?? null) &&
    (use.recipient === undefined || permission.recipients.includes(use.recipient))
  );
}
