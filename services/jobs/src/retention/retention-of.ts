import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { Client } from '@connectrpc/connect';
import type { RetentionService } from '@irisvue/contracts/irisvue/consent/v1/retention_service';
import { subjectMessage } from '../consents.ts';
import type { SubjectRow } from '../job-store.ts';
import type { RetentionTerms } from './delete-at.ts';

/** Tells the terms of subjects, in their order. Throws DEPENDENCY_DOWN while consent cannot be asked. */
export type RetentionOf = (subjects: readonly SubjectRow[]) => Promise<RetentionTerms[]>;

/** Subjects that one call may name. */
const MOST_SUBJECTS = 200;

/** Asks consent, which knows the residence and the policy of each subject. */
export function retentionOf(client: Client<typeof RetentionService>): RetentionOf {
  return async (subjects) => {
    const all: RetentionTerms[] = [];
    for (let at = 0; at < subjects.length; at += MOST_SUBJECTS) {
      const asked = subjects.slice(at, at + MOST_SUBJECTS).map(subjectMessage);
      const { terms } = await client.getRetentionTerms({ subjects: asked });
      if (terms.length !== asked.length) throw new Error('consent told the terms of other subjects');
      all.push(
        ...terms.map(({ lastChoiceTime, purposeEndTime, monthsAfterInteraction, monthsAfterPurpose }) => ({
          lastChoiceAt: lastChoiceTime && timestampDate(lastChoiceTime),
          purposeEndedAt: purposeEndTime && timestampDate(purposeEndTime),
          monthsAfterInteraction,
          monthsAfterPurpose,
        })),
      );
    }
    return all;
  };
}
