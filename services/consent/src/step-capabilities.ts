import { CAPABILITY_AUDIENCE, CAPABILITY_ISSUER, DomainError, ErrorReason } from '@irisvue/runtime';
import type { SignedToken, SigningKeys } from '@irisvue/signing-keys';
import type { CapturePermissions } from './capture/capture-permissions.ts';
import type { PurposeName } from './consent-enums.ts';
import type { Consents } from './consents.ts';
import type { Subject } from './subjects.ts';

/** Life of a capability token: within it the call must reach the vision service. */
export const CAPABILITY_MS = 60_000;

// Which consent each step needs (consent.md). A step that is not here needs none and gets no capability.
const PURPOSE_OF_STEP: ReadonlyMap<string, PurposeName> = new Map([
  ['segmenting', 'data_processing'],
  ['removing_reflections', 'data_processing'],
  ['enhancing', 'data_processing'],
  ['blending', 'data_processing'],
]);

/** One step of one job, on the eyes of its subjects. */
export interface StepRequest {
  readonly subjects: readonly Subject[];
  readonly purpose: PurposeName;
  readonly jobId: string;
  readonly step: string;
  readonly attempt: number;
  /** Who uploaded what it works on, when that is one user; must be permitted to. */
  readonly uploaderId?: string;
}

/**
 * Makes what issues capability tokens: it checks the consents of all subjects, then signs for exactly this work.
 * INVALID_FIELD {field, limit} for an unknown step or a purpose that does not cover it; SUBJECT_KIND_NOT_ALLOWED;
 * CONSENT_REQUIRED {purpose, pending}.
 */
export function createStepCapabilities(o: {
  readonly consents: Pick<Consents, 'pending'>;
  readonly capture: Pick<CapturePermissions, 'pending'>;
  readonly keys: Pick<SigningKeys, 'sign'>;
}): (request: StepRequest) => Promise<SignedToken> {
  return async ({ subjects, purpose, jobId, step, attempt, uploaderId }) => {
    const covering = PURPOSE_OF_STEP.get(step);
    if (covering === undefined) throw invalidField('step', [...PURPOSE_OF_STEP.keys()].join(','));
    if (purpose !== covering) throw invalidField('purpose', covering);
    const without = await o.consents.pending(subjects, purpose);
    const foreign = uploaderId === undefined ? [] : await o.capture.pending(subjects, uploaderId);
    const pending = subjects.filter((subject) => without.includes(subject) || foreign.includes(subject));
    if (pending.length > 0) {
      throw new DomainError(ErrorReason.CONSENT_REQUIRED, 'a subject has not consented', {
        purpose,
        pending: pending.map((subject) => subject.id).join(','),
      });
    }
    return o.keys.sign({
      issuer: CAPABILITY_ISSUER,
      audience: CAPABILITY_AUDIENCE,
      claims: { subjects: subjects.map(({ id, kind }) => ({ id, kind })), purpose, job: jobId, step, attempt },
      lifetimeMs: CAPABILITY_MS,
    });
  };
}

function invalidField(field: string, limit: string): DomainError {
  return new DomainError(ErrorReason.INVALID_FIELD, `${field} must be of: ${limit}`, { field, limit });
}
