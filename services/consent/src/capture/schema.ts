import type { Generated, GeneratedAlways, Selectable } from 'kysely';

/** A link by which one person can permit a user to upload photos of that person's eyes. */
export interface SubjectInvitationsTable {
  id: string;
  /** SHA-256 of the token; the token itself is nowhere. */
  token_sha256: Buffer;
  uploader_id: string;
  created_at: Date;
  expires_at: Date;
  accepted_at: Date | null;
  revoked_at: Date | null;
}

/** What a subject permitted an uploader or took back. Rows are only ever added. */
export interface CapturePermissionEventsTable {
  id: string;
  seq: GeneratedAlways<number>;
  /** Of the subject. */
  principal_id: string;
  uploader_principal_id: string;
  state: 'granted' | 'withdrawn';
  /** Whether the subject declared to be of full age. */
  full_age: Generated<boolean>;
  created_at: Date;
}

export type RelationName = 'parent' | 'guardian';

/** Who speaks for a minor. */
export interface MinorsTable {
  /** Made when the minor was declared. */
  subject_id: string;
  representative_id: string;
  relation: RelationName;
  declared_at: Date;
}

/** That somebody declared to speak for a minor. Rows are only ever added. */
export interface MinorDeclarationEventsTable {
  id: string;
  /** Of the minor. */
  principal_id: string;
  representative_principal_id: string;
  relation: RelationName;
  created_at: Date;
}

export interface CaptureTables {
  subject_invitations: SubjectInvitationsTable;
  capture_permission_events: CapturePermissionEventsTable;
  minors: MinorsTable;
  minor_declaration_events: MinorDeclarationEventsTable;
}

export type InvitationRow = Selectable<SubjectInvitationsTable>;
export type MinorRow = Selectable<MinorsTable>;
