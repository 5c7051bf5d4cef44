import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ConnectRouter } from '@connectrpc/connect';
import { RetentionService } from '@irisvue/contracts/irisvue/consent/v1/retention_service';
import { requireService } from '@irisvue/runtime';
import { subjectMessage } from './consent-message.ts';
import type { TermsOf } from './retention-terms.ts';
import { subjectOf } from './subjects.ts';

/** Mounts the service that tells jobs when a photo's retention ends. */
export function retentionRoutes(termsOf: TermsOf): (router: ConnectRouter) => void {
  return (router) =>
    router.service(RetentionService, {
      getRetentionTerms: async (request, context) => {
        requireService(context, 'jobs');
        const terms = await termsOf(request.subjects.map(subjectOf));
        return {
          terms: terms.map(({ subject, lastChoiceAt, purposeEndedAt, monthsAfterInteraction, monthsAfterPurpose }) => ({
            subject: subjectMessage(subject),
            lastChoiceTime: lastChoiceAt && timestampFromDate(lastChoiceAt),
            purposeEndTime: purposeEndedAt && timestampFromDate(purposeEndedAt),
            monthsAfterInteraction,
            monthsAfterPurpose,
          })),
        };
      },
    });
}
