import type { Subject as SubjectMessage } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { DomainError, ErrorReason } from '@irisvue/runtime';
import { type SubjectKindName, subjectKindName } from './consent-enums.ts';

/** Whose eye it is. */
export interface Subject {
  /** A user's id: the holder's own, or for the other kinds that of the user who uploaded; a minor has an id of its own. */
  readonly id: string;
  readonly kind: SubjectKindName;
}

/** The subject of a message that passed validation. */
export function subjectOf(message: SubjectMessage | undefined): Subject {
  if (message === undefined) throw new TypeError('a subject is required');
  return { id: message.id.toLowerCase(), kind: subjectKindName(message.kind) };
}

/** SUBJECT_KIND_NOT_ALLOWED {subject_kind} for the first subject of a kind that the operator does not accept. */
export function requireAllowedKinds(subjects: readonly Subject[], allowed: readonly SubjectKindName[]): void {
  const refused = subjects.find((subject) => !allowed.includes(subject.kind));
  if (refused === undefined) return;
  throw new DomainError(ErrorReason.SUBJECT_KIND_NOT_ALLOWED, 'this kind of subject is not accepted here', {
    subject_kind: refused.kind,
  });
}

/** Whether it is the eye of a person: of nobody's eye and of test sets no age and no name is asked. */
export function isPerson(subject: Subject): boolean {
  return subject.kind === 'self' || subject.kind === 'minor';
}

/** MINOR_NEEDS_REPRESENTATIVE for SELF without a declaration of full age. */
export function requireFullAge(subject: Subject, declared: boolean): void {
  if (subject.kind !== 'self' || declared) return;
  const message = 'whoever is not of full age needs a representative';
  throw new DomainError(ErrorReason.MINOR_NEEDS_REPRESENTATIVE, message);
}
