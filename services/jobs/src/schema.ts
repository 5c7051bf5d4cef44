import type { JsonObject } from '@bufbuild/protobuf';
import type { ColumnType, Generated, GeneratedAlways, JSONColumnType } from 'kysely';
import type { JointTables } from './joint/schema.ts';
import type { LineageTables } from './lineage/schema.ts';

/** Words that the tables use for kinds, states and steps; job-message.ts maps them to the contract's enums. */
export type JobKindName = 'process' | 'fuse' | 'compose';
export type JobStatusName = 'pending' | 'processing' | 'completed' | 'failed' | 'cancelled';
export type JobStepName = 'loading' | 'segmenting' | 'removing_reflections' | 'enhancing' | 'blending' | 'saving';
export type ErrorTypeName = 'quality_issue' | 'transient_error' | 'server_error';
export type SubjectKindName = 'self' | 'synthetic' | 'evaluation' | 'minor';

/** The classes of work, in the order in which they are served. */
export const JobClassRank = { high_priority: 1, default: 2, background: 3 } as const;

/** A time that the database sets unless it is given. */
type Stamped = ColumnType<Date, Date | undefined, Date>;
/** A Protobuf message as JSON (field names of the contract). */
type MessageColumn = JSONColumnType<JsonObject | null, string | null | undefined, string | null>;

export interface PhotoTable {
  id: string;
  user_id: string;
  subject_id: string;
  subject_kind: SubjectKindName;
  object_key: string;
  content_type: string;
  size_bytes: ColumnType<number, number, never>;
  sha256: string;
  upload_status: ColumnType<'pending' | 'uploaded', 'pending' | undefined, 'uploaded'>;
  /** Pixels after orientation; null until a job has decoded it. */
  width: number | null;
  height: number | null;
  created_at: ColumnType<Date, Date, never>;
  /** When its retention ends, as the terms said when they were last looked at; null until then, and when none ends it. */
  delete_at: Date | null;
  term_checked_at: Date | null;
  /** The tombstone: nothing may bring the photo back. */
  deleted_at: Date | null;
  /** When its objects are next due for removal; null when nothing is left to remove. */
  sweep_at: Date | null;
  sweeps: Generated<number>;
}

export interface JobTable {
  id: string;
  user_id: string;
  kind: JobKindName;
  photo_id: string | null;
  artwork_id: string | null;
  status: ColumnType<JobStatusName, 'pending' | undefined, JobStatusName>;
  step: JobStepName | null;
  /** The step that a runner does next: the claim looks for a slot of its service. */
  next_step: JobStepName;
  progress: Generated<number>;
  /** Set by a trigger, never by a statement. */
  revision: GeneratedAlways<number>;
  attempt: Generated<number>;
  /** Tries within the present outage of something that the job needs. */
  retries: Generated<number>;
  /** When that outage was met; null when there is none. */
  out_since: Date | null;
  /** Crashes of a process since the job was submitted. */
  crashes: Generated<number>;
  job_class: number;
  priority: number;
  /** Not claimed before this. */
  available_at: Stamped;
  lease_holder: string | null;
  lease_expires_at: Date | null;
  error_type: ErrorTypeName | null;
  error_message: string | null;
  suggestion: string | null;
  rejection: MessageColumn;
  geometry: MessageColumn;
  quality_score: number | null;
  measures: JSONColumnType<JsonObject[] | null, string | null | undefined, string | null>;
  result: MessageColumn;
  result_geometry: MessageColumn;
  mask: MessageColumn;
  result_width: number | null;
  result_height: number | null;
  link_epoch: Generated<number>;
  traceparent: string | null;
  created_at: Stamped;
  updated_at: Stamped;
  started_at: Date | null;
  ended_at: Date | null;
  deleted_at: Date | null;
  sweep_at: Date | null;
  sweeps: Generated<number>;
}

export interface JobSubjectTable {
  job_id: string;
  subject_id: string;
  subject_kind: SubjectKindName;
}

export interface JobStepTable {
  job_id: string;
  step: JobStepName;
  attempt: number;
  /** What the step answered: a Protobuf message as JSON; `steps.ts` knows which. */
  outcome: JSONColumnType<JsonObject, string, never>;
  provenance: MessageColumn;
  duration_ms: number;
  created_at: Stamped;
}

export interface ArtworkTable {
  id: string;
  creator_id: string;
  /** FusionSpec or CompositionSpec, as the job's kind says. */
  spec: JSONColumnType<JsonObject, string, never>;
  method: string | null;
  thumbnail: MessageColumn;
  link_epoch: Generated<number>;
  created_at: ColumnType<Date, Date, never>;
  completed_at: Date | null;
  /** When it was last made anew without somebody who withdrew; null: never. */
  remade_at: Date | null;
  deleted_at: Date | null;
  /** The circle that it is shared with; the four columns are null together. */
  circle_id: string | null;
  /** The creator's membership that it was shared by: when that ends, the gallery does not show it any more. */
  membership_id: string | null;
  share_id: string | null;
  shared_at: Date | null;
}

export interface ArtworkSourceTable {
  artwork_id: string;
  position: number;
  photo_id: string;
  owner_id: string;
  /** The picture that was the best one when the artwork was submitted: an ObjectRef. */
  picture: JSONColumnType<JsonObject, string, never>;
  /** Limbus and pupil in that picture; null for an original. */
  geometry: MessageColumn;
}

export interface TurnTable {
  user_id: string;
  /** When a runner last took up a job of this user. */
  served_at: Date;
}

export interface InteractionTable {
  user_id: string;
  /** When the user last called, to the day. */
  last_at: Date;
}

export interface JobsDatabase extends LineageTables, JointTables {
  interactions: InteractionTable;
  photos: PhotoTable;
  jobs: JobTable;
  job_subjects: JobSubjectTable;
  job_steps: JobStepTable;
  artworks: ArtworkTable;
  artwork_sources: ArtworkSourceTable;
  turns: TurnTable;
}
