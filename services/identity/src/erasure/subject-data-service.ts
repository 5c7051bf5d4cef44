import type { ServiceImpl } from '@connectrpc/connect';
import { type Subject, SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import type { SubjectDataService } from '@irisvue/contracts/irisvue/privacy/v1/subject_data_service';
import { requireService } from '@irisvue/runtime';
import type { AccountErasure, ErasedSubject } from './account-erasure.ts';
import { exportAccount } from './export-account.ts';
import type { ErasureDb } from './schema.ts';

/** The RPC door of what can be done with one account's data. Only consent may call it. */
export function subjectDataService(o: {
  readonly db: ErasureDb;
  readonly erasure: AccountErasure;
}): ServiceImpl<typeof SubjectDataService> {
  return {
    async blockSubject(request, context) {
      requireService(context, 'consent');
      await o.erasure.block(erasedSubject(request.subject), request.erasureId);
      return {};
    },
    async *eraseSubject(request, context) {
      requireService(context, 'consent');
      yield { rows: await o.erasure.erase(erasedSubject(request.subject)), progress: 100 };
    },
    async *exportSubject(request, context) {
      requireService(context, 'consent');
      const { id, kind } = erasedSubject(request.subject);
      if (kind !== 'self') return;
      for (const { path, value } of await exportAccount(o.db, id)) {
        yield { path, content: { case: 'json' as const, value: JSON.stringify(value, null, 2) } };
      }
    },
    async scanSubject(request, context) {
      requireService(context, 'consent');
      return o.erasure.scan(erasedSubject(request.subject));
    },
  };
}

function erasedSubject(subject: Subject | undefined): ErasedSubject {
  if (subject === undefined) throw new TypeError('a subject is required');
  const kind = Object.entries(SubjectKind).find(([, value]) => value === subject.kind)?.[0] ?? 'unknown';
  return { id: subject.id.toLowerCase(), kind: kind.toLowerCase() };
}
