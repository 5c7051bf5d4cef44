import type { ConnectRouter } from '@connectrpc/connect';
import { SubjectDataService } from '@irisvue/contracts/irisvue/privacy/v1/subject_data_service';
import type { Database } from '@irisvue/database';
import type { Clock } from '@irisvue/runtime';
import type { IdentityTables } from '../schema.ts';
import { createAccountErasure } from './account-erasure.ts';
import type { ErasureDb } from './schema.ts';
import { subjectDataService } from './subject-data-service.ts';

/** Wires what consent asks for about one account; gives what mounts its service. */
export function openErasure(o: {
  readonly db: Database<IdentityTables>;
  readonly clock: Clock;
  readonly mailFolder: string | undefined;
}): (router: ConnectRouter) => void {
  const db = o.db as unknown as ErasureDb;
  const erasure = createAccountErasure({ db, clock: o.clock, mailFolder: o.mailFolder });
  return (router) => router.service(SubjectDataService, subjectDataService({ db, erasure }));
}
