import { ArtworkPermissionState, ArtworkPurpose } from '@irisvue/contracts/irisvue/consent/v1/artwork_permission';
import { ConsentPurpose, Jurisdiction, SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';

// The words that a person types and reads, and the numbers of the contract.

export const purposes = {
  capture: ConsentPurpose.BIOMETRIC_CAPTURE,
  processing: ConsentPurpose.DATA_PROCESSING,
  marketing: ConsentPurpose.MARKETING,
} as const;

export const residences = {
  undeclared: Jurisdiction.UNSPECIFIED,
  eu: Jurisdiction.GDPR,
  uk: Jurisdiction.UK,
  illinois: Jurisdiction.BIPA,
  texas: Jurisdiction.CUBI,
  washington: Jurisdiction.WASHINGTON,
  california: Jurisdiction.CCPA,
  elsewhere: Jurisdiction.GENERIC,
} as const;

export const subjectKinds = {
  'own eye': SubjectKind.SELF,
  minor: SubjectKind.MINOR,
  synthetic: SubjectKind.SYNTHETIC,
  'test set': SubjectKind.EVALUATION,
} as const;

export const artworkKinds = {
  any: ArtworkPurpose.UNSPECIFIED,
  fusion: ArtworkPurpose.FUSION,
  composition: ArtworkPurpose.COMPOSITION,
} as const;

export const permissionStates = {
  'asked for': ArtworkPermissionState.REQUESTED,
  granted: ArtworkPermissionState.GRANTED,
  denied: ArtworkPermissionState.DENIED,
  'taken back': ArtworkPermissionState.WITHDRAWN,
  ended: ArtworkPermissionState.EXPIRED,
} as const;

/** The word for a number of the contract; the number itself where this build knows no word. */
export function wordOf(words: Readonly<Record<string, number>>, value: number | undefined): string {
  return Object.keys(words).find((word) => words[word] === value) ?? String(value ?? '');
}
