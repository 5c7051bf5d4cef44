import type { ColumnType } from 'kysely';

type Stamped = ColumnType<Date, never, never>;

/** An iris that a finished work of several people has to go without; the work is out of reach until it does. */
export interface WithdrawnSourceTable {
  artwork_id: string;
  photo_id: string;
  withdrawn_at: Stamped;
}

/** Somebody who is to be told that a work is not what it was. */
export interface JointNoticeTable {
  /** Also the request id of the mail: a repeat is harmless. */
  id: string;
  user_id: string;
  created_at: Stamped;
}

export interface JointTables {
  withdrawn_sources: WithdrawnSourceTable;
  joint_notices: JointNoticeTable;
}
