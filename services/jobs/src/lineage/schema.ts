import type { ColumnType } from 'kysely';
import type { JobStepName, SubjectKindName } from '../schema.ts';

/** What a stored object is. */
export type ArtifactKind = 'photo' | 'mask' | 'labels' | 'crop' | 'result' | 'artwork' | 'thumbnail';

/** A time that the database sets. */
type Stamped = ColumnType<Date, never, never>;

/** An object that a photo's upload or a step stored. */
export interface ArtifactTable {
  /** Key in the object store. */
  key: string;
  kind: ArtifactKind;
  /** Of the bytes, 64 hexadecimal digits. */
  sha256: string;
  size_bytes: number;
  /** The photo that it is, or that its job worked on. */
  photo_id: string | null;
  /** The job that made it; null for a photo. */
  job_id: string | null;
  artwork_id: string | null;
  step: JobStepName | null;
  attempt: number | null;
  created_at: Stamped;
  /** When a sweep removed the object; the row stays as a link of the lineage. */
  erased_at: Date | null;
}

/** What an artifact was made of. */
export interface ArtifactParentTable {
  key: string;
  parent_key: string;
}

/** Whose eyes an artifact shows. */
export interface ArtifactSubjectTable {
  key: string;
  subject_id: string;
  subject_kind: SubjectKindName;
}

/** The tombstone of a subject: nothing may bring anything of it back. */
export interface BlockedSubjectTable {
  subject_sha256: Buffer;
  /** The erasure that set it first. */
  erasure_id: string;
  blocked_at: Stamped;
}

/** An object that an erasure erased. */
export interface ErasedObjectTable {
  id: string;
  erasure_id: string;
  kind: ArtifactKind;
  sha256: string;
  size_bytes: number;
  erased_at: Stamped;
}

/** What an erasure made of a work of several people. */
export interface ErasedJointWorkTable {
  erasure_id: string;
  artwork_id: string;
  outcome: 'deleted' | 'remade';
  /** Who else is in it or owns it. */
  other_user_ids: string[];
  erased_at: Stamped;
}

export interface LineageTables {
  artifacts: ArtifactTable;
  artifact_parents: ArtifactParentTable;
  artifact_subjects: ArtifactSubjectTable;
  blocked_subjects: BlockedSubjectTable;
  erased_objects: ErasedObjectTable;
  erased_joint_works: ErasedJointWorkTable;
}
