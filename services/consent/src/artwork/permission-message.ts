import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  type ArtworkPermission,
  ArtworkPermissionSchema,
  ArtworkPermissionState,
  ArtworkPurpose,
} from '@irisvue/contracts/irisvue/consent/v1/artwork_permission';
import type { ArtworkPurposeName, PermissionRow } from './schema.ts';
import type { PermissionScope } from './scope.ts';

const STATES = {
  requested: ArtworkPermissionState.REQUESTED,
  granted: ArtworkPermissionState.GRANTED,
  denied: ArtworkPermissionState.DENIED,
  withdrawn: ArtworkPermissionState.WITHDRAWN,
} as const;

const PURPOSES: Readonly<Record<ArtworkPurposeName, ArtworkPurpose>> = {
  fusion: ArtworkPurpose.FUSION,
  composition: ArtworkPurpose.COMPOSITION,
};

/** A permission as the contract has it, as it stands at `now`. */
export function permissionMessage(row: PermissionRow, now: Date): ArtworkPermission {
  const isExpired = row.state === 'granted' && row.expires_at !== null && row.expires_at <= now;
  return create(ArtworkPermissionSchema, {
    id: row.permission_id,
    ownerId: row.owner_id,
    creatorId: row.creator_id,
    scope: {
      photoId: row.photo_id ?? '',
      artworkId: row.artwork_id ?? '',
      purpose: row.purpose === null ? ArtworkPurpose.UNSPECIFIED : PURPOSES[row.purpose],
      circleId: row.circle_id ?? '',
    },
    recipients: row.recipients,
    state: isExpired ? ArtworkPermissionState.EXPIRED : STATES[row.state],
    updateTime: timestampFromDate(row.created_at),
    expireTime: row.expires_at === null ? undefined : timestampFromDate(row.expires_at),
  });
}

/** The scope that a message names, where empty means: not narrowed. */
export function scopeOf(message: {
  readonly photoId: string;
  readonly artworkId: string;
  readonly purpose?: ArtworkPurpose;
  readonly circleId?: string;
}): PermissionScope {
  return {
    photoId: message.photoId.toLowerCase() || undefined,
    artworkId: message.artworkId.toLowerCase() || undefined,
    purpose: purposeOf(message.purpose ?? ArtworkPurpose.UNSPECIFIED),
    circleId: message.circleId?.toLowerCase() || undefined,
  };
}

/** The word for a kind of artwork; undefined for both. */
export function purposeOf(purpose: ArtworkPurpose): ArtworkPurposeName | undefined {
  return (Object.keys(PURPOSES) as ArtworkPurposeName[]).find((name) => PURPOSES[name] === purpose);
}
