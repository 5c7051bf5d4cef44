import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { CapturePermissionWithdrawnSchema } from '@irisvue/contracts/irisvue/consent/v1/events';
import { type Database, newId, once, type RequestKey } from '@irisvue/database';
import { appendEvent } from '@irisvue/events';
import type { Clock } from '@irisvue/runtime';
import type { Transaction } from 'kysely';
import { auditPermission } from '../audited.ts';
import { accountOf, lockSubject, principalOf } from '../principals.ts';
import type { ConsentTables } from '../schema.ts';
import { requireFullAge, type Subject } from '../subjects.ts';
import {
  type CapturePermissionRow,
  permissionOfEvent,
  permissionsOf,
  permissionsTo,
  standingPermission,
} from './capture-store.ts';
import { useInvitation } from './invitations.ts';
import { isRepresentative } from './minors.ts';

/** Who may upload photos of whose eyes. */
export interface CapturePermissions {
  /** Permits whoever made the invitation. LINK_INVALID; MINOR_NEEDS_REPRESENTATIVE without a declaration of full age. */
  accept(o: {
    readonly userId: string;
    readonly token: string;
    readonly fullAge: boolean;
    readonly request: RequestKey;
  }): Promise<CapturePermissionRow>;
  /** Takes the permission back; gives the event, or undefined when there was nothing to take back. */
  withdraw(o: {
    readonly userId: string;
    readonly uploaderId: string;
    readonly request: RequestKey;
  }): Promise<string | undefined>;
  /** What a user gave and got, newest first. */
  list(userId: string): Promise<{ readonly given: CapturePermissionRow[]; readonly received: CapturePermissionRow[] }>;
  /**
   * The subjects whose eyes this user may not upload. One's own, synthetic and test eyes need no permission; a minor's
   * needs its representative to upload.
   */
  pending(subjects: readonly Subject[], uploaderId: string): Promise<Subject[]>;
}

export function createCapturePermissions(o: {
  readonly db: Database<ConsentTables>;
  readonly clock: Clock;
}): CapturePermissions {
  const { db, clock } = o;

  async function append(trx: Transaction<ConsentTables>, of: Pair, state: 'granted' | 'withdrawn', fullAge = false) {
    const id = newId();
    const event = {
      id,
      principal_id: await principalOf(trx, accountOf(of.subjectId)),
      uploader_principal_id: await principalOf(trx, accountOf(of.uploaderId)),
      state,
      full_age: fullAge,
      created_at: clock.now(),
    };
    await trx.insertInto('capture_permission_events').values(event).execute();
    await auditPermission(trx, state === 'granted' ? 'granted' : 'ended', {
      ownerId: of.subjectId,
      resources: { capture_permission: id },
      time: event.created_at,
    });
    return id;
  }

  return {
    async accept({ userId, token, fullAge, request }) {
      requireFullAge(accountOf(userId), fullAge);
      const { id } = await db.transaction().execute((trx) =>
        once(trx, request, async () => {
          await lockSubject(trx, userId);
          const uploaderId = await useInvitation(trx, token, { userId, now: clock.now() });
          const before = await standingPermission(trx, userId, uploaderId);
          return before?.id ?? append(trx, { subjectId: userId, uploaderId }, 'granted', fullAge);
        }),
      );
      return permissionOfEvent(db, id);
    },

    async withdraw({ userId, uploaderId, request }) {
      const { id } = await db.transaction().execute((trx) =>
        once(trx, request, async () => {
          await lockSubject(trx, userId);
          if ((await standingPermission(trx, userId, uploaderId)) === undefined) return '';
          const event = await append(trx, { subjectId: userId, uploaderId }, 'withdrawn');
          const fact = {
            subject: { id: userId, kind: SubjectKind.SELF },
            uploaderId,
            withdrawTime: timestampFromDate(clock.now()),
          };
          await appendEvent(trx, CapturePermissionWithdrawnSchema, create(CapturePermissionWithdrawnSchema, fact));
          return event;
        }),
      );
      return id || undefined;
    },

    async list(userId) {
      const [given, received] = await Promise.all([permissionsOf(db, userId), permissionsTo(db, userId)]);
      return { given, received };
    },

    async pending(subjects, uploaderId) {
      const may = await Promise.all(subjects.map((subject) => mayUpload(db, subject, uploaderId)));
      return subjects.filter((_, index) => !may[index]);
    },
  };
}

interface Pair {
  readonly subjectId: string;
  readonly uploaderId: string;
}

async function mayUpload(db: Database<ConsentTables>, subject: Subject, uploaderId: string): Promise<boolean> {
  switch (subject.kind) {
    case 'self':
      return subject.id === uploaderId || (await standingPermission(db, subject.id, uploaderId)) !== undefined;
    case 'minor':
      return isRepresentative(db, subject.id, uploaderId);
    case 'synthetic':
    case 'evaluation':
      return subject.id === uploaderId;
    default:
      return subject.kind satisfies never;
  }
}
