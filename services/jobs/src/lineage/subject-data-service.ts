import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import type { Subject } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import {
  type EraseSubjectResponse,
  EraseSubjectResponseSchema,
  JointWorkOutcome,
  type SubjectDataService,
} from '@irisvue/contracts/irisvue/privacy/v1/subject_data_service';
import type { Database } from '@irisvue/database';
import { DomainError, ErrorReason, requireService } from '@irisvue/runtime';
import type { ObjectStore } from '@irisvue/storage';
import { subjectKindName } from '../job-enums.ts';
import type { SubjectRow } from '../job-store.ts';
import type { JobsDatabase } from '../schema.ts';
import { blockSubject } from './block-subject.ts';
import { type ErasureProgress, eraseSubject } from './erase-subject.ts';
import { exportSubject } from './export-subject.ts';
import { scanSubject } from './scan-subject.ts';

export interface SubjectDataServiceOptions {
  readonly db: Database<JobsDatabase>;
  readonly store: ObjectStore;
}

/** The RPC door of what can be done with one subject's data. Only consent may call it. */
export function subjectDataService(o: SubjectDataServiceOptions): ServiceImpl<typeof SubjectDataService> {
  return {
    blockSubject: async (request, context) => {
      requireService(context, 'consent');
      return await blockSubject(o.db, subjectRow(request.subject), request.erasureId);
    },
    async *eraseSubject(request, context) {
      requireService(context, 'consent');
      const { db, store } = o;
      const eraser = { db, store, erasureId: request.erasureId };
      for await (const progress of eraseSubject(eraser, subjectRow(request.subject), context.signal)) {
        yield erasureMessage(progress);
      }
    },
    async *exportSubject(request, context) {
      requireService(context, 'consent');
      yield* exportSubject(o.db, subjectRow(request.subject));
    },
    scanSubject: async (request, context) => {
      requireService(context, 'consent');
      const { findings, lookedAt } = await scanSubject(o, subjectRow(request.subject));
      return { findings: [...findings], lookedAt: [...lookedAt] };
    },
  };
}

function subjectRow(subject: Subject | undefined): SubjectRow {
  const kind = subject && subjectKindName(subject.kind);
  if (subject === undefined || kind === undefined) {
    const metadata = { field: 'subject.kind', limit: 'a known kind' };
    throw new DomainError(ErrorReason.INVALID_FIELD, 'the kind of subject is not known', metadata);
  }
  return { subject_id: subject.id.toLowerCase(), subject_kind: kind };
}

const OUTCOMES = { deleted: JointWorkOutcome.DELETED, remade: JointWorkOutcome.REMADE } as const;

function erasureMessage({ objects, rows, jointWorks, progress }: ErasureProgress): EraseSubjectResponse {
  return create(EraseSubjectResponseSchema, {
    objects: objects.map(({ id, kind, sha256, size_bytes }) => ({ id, kind, sha256, sizeBytes: BigInt(size_bytes) })),
    rows,
    jointWorks: jointWorks.map((work) => ({
      artworkId: work.artwork_id,
      outcome: OUTCOMES[work.outcome],
      otherUserIds: work.other_user_ids,
    })),
    progress,
  });
}
