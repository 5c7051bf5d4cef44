import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { ErrorType, JobKind, JobStatus, JobStep } from '@irisvue/contracts/irisvue/jobs/v1/job';
import type { ErrorTypeName, JobKindName, JobStatusName, JobStepName, SubjectKindName } from './schema.ts';

// The tables use words that a person reads; these are the contract's numbers for them.

export const JOB_KINDS: Readonly<Record<JobKindName, JobKind>> = {
  process: JobKind.PROCESS,
  fuse: JobKind.FUSE,
  compose: JobKind.COMPOSE,
};

export const JOB_STATUSES: Readonly<Record<JobStatusName, JobStatus>> = {
  pending: JobStatus.PENDING,
  processing: JobStatus.PROCESSING,
  completed: JobStatus.COMPLETED,
  failed: JobStatus.FAILED,
  cancelled: JobStatus.CANCELLED,
};

export const JOB_STEPS: Readonly<Record<JobStepName, JobStep>> = {
  loading: JobStep.LOADING,
  segmenting: JobStep.SEGMENTING,
  removing_reflections: JobStep.REMOVING_REFLECTIONS,
  enhancing: JobStep.ENHANCING,
  blending: JobStep.BLENDING,
  saving: JobStep.SAVING,
};

export const ERROR_TYPES: Readonly<Record<ErrorTypeName, ErrorType>> = {
  quality_issue: ErrorType.QUALITY_ISSUE,
  transient_error: ErrorType.TRANSIENT_ERROR,
  server_error: ErrorType.SERVER_ERROR,
};

export const SUBJECT_KINDS: Readonly<Record<SubjectKindName, SubjectKind>> = {
  self: SubjectKind.SELF,
  synthetic: SubjectKind.SYNTHETIC,
  evaluation: SubjectKind.EVALUATION,
  minor: SubjectKind.MINOR,
};

/** The tables' word for a kind of subject. Undefined for one that this build does not know. */
export function subjectKindName(kind: SubjectKind): SubjectKindName | undefined {
  return (Object.keys(SUBJECT_KINDS) as SubjectKindName[]).find((name) => SUBJECT_KINDS[name] === kind);
}
