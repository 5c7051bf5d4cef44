import { ConsentPurpose, Jurisdiction, SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';

// The words of rows, notice folders and token claims, and the numbers of the contract.

export const PURPOSE_NAMES = ['biometric_capture', 'data_processing', 'marketing'] as const;
export type PurposeName = (typeof PURPOSE_NAMES)[number];

export const SUBJECT_KIND_NAMES = ['self', 'synthetic', 'evaluation', 'minor'] as const;
export type SubjectKindName = (typeof SUBJECT_KIND_NAMES)[number];

/** "strictest" is what an undeclared residence brings. */
export const JURISDICTION_NAMES = ['strictest', 'gdpr', 'uk', 'bipa', 'cubi', 'washington', 'ccpa', 'generic'] as const;
export type JurisdictionName = (typeof JURISDICTION_NAMES)[number];

export const PURPOSES: Readonly<Record<PurposeName, ConsentPurpose>> = {
  biometric_capture: ConsentPurpose.BIOMETRIC_CAPTURE,
  data_processing: ConsentPurpose.DATA_PROCESSING,
  marketing: ConsentPurpose.MARKETING,
};

export const SUBJECT_KINDS: Readonly<Record<SubjectKindName, SubjectKind>> = {
  self: SubjectKind.SELF,
  synthetic: SubjectKind.SYNTHETIC,
  evaluation: SubjectKind.EVALUATION,
  minor: SubjectKind.MINOR,
};

export const JURISDICTIONS: Readonly<Record<JurisdictionName, Jurisdiction>> = {
  strictest: Jurisdiction.UNSPECIFIED,
  gdpr: Jurisdiction.GDPR,
  uk: Jurisdiction.UK,
  bipa: Jurisdiction.BIPA,
  cubi: Jurisdiction.CUBI,
  washington: Jurisdiction.WASHINGTON,
  ccpa: Jurisdiction.CCPA,
  generic: Jurisdiction.GENERIC,
};

export const purposeName = (purpose: ConsentPurpose): PurposeName => nameOf(PURPOSES, purpose);
export const subjectKindName = (kind: SubjectKind): SubjectKindName => nameOf(SUBJECT_KINDS, kind);
export const jurisdictionName = (jurisdiction: Jurisdiction): JurisdictionName => nameOf(JURISDICTIONS, jurisdiction);

/** Validation lets only known numbers through, so an unknown one is a mistake of ours. */
function nameOf<Name extends string, N extends number>(numbers: Readonly<Record<Name, N>>, number: N): Name {
  const found = (Object.keys(numbers) as Name[]).find((name) => numbers[name] === number);
  if (found === undefined) throw new RangeError(`no name for ${number}`);
  return found;
}
