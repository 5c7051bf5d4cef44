import type { Database } from '@irisvue/database';
import type { JurisdictionName } from './consent-enums.ts';
import { type RetentionTerm, rulesOf, shortest } from './jurisdiction-rules.ts';
import type { RetentionPolicies } from './retention-policies.ts';
import type { ConsentTables } from './schema.ts';
import type { Subject } from './subjects.ts';

/** How long what shows a subject may be kept, and the times that consent knows of. */
export interface SubjectTerms extends RetentionTerm {
  readonly subject: Subject;
  /** When somebody last made a choice about it, or it about somebody else. */
  readonly lastChoiceAt?: Date;
  /** When the consent to capture was withdrawn; undefined while it stands. */
  readonly purposeEndedAt?: Date;
}

/** Tells the terms of subjects, in their order. */
export type TermsOf = (subjects: readonly Subject[]) => Promise<SubjectTerms[]>;

/**
 * Terms of a subject: the shortest of what the law of its declared residence and the schedule of the policy that its
 * consent to capture was given under set. Without such a consent: the strictest law.
 */
export function createTermsOf(o: {
  readonly db: Database<ConsentTables>;
  readonly policies: Pick<RetentionPolicies, 'termOf'>;
}): TermsOf {
  return async (subjects) => {
    const chosen = new Map((await choicesAbout(o.db, subjects)).map((row) => [`${row.kind} ${row.id}`, row]));
    return subjects.map((subject) => {
      const choice = chosen.get(`${subject.kind} ${subject.id}`);
      const law = rulesOf(choice?.jurisdiction ?? 'strictest').term;
      const schedule = choice?.policy_version ? o.policies.termOf(choice.policy_version) : {};
      return {
        subject,
        lastChoiceAt: choice?.last_choice_at ?? undefined,
        purposeEndedAt: choice?.state === 'withdrawn' ? (choice.created_at ?? undefined) : undefined,
        ...shortest([law, schedule]),
      };
    });
  };
}

/** What each subject last chose about capture, the policy of its last grant, and when anything was last chosen. */
async function choicesAbout(db: Database<ConsentTables>, subjects: readonly Subject[]) {
  const ids = subjects.map((subject) => subject.id);
  return await db
    .selectFrom('principals')
    .leftJoinLateral(
      (of) =>
        of
          .selectFrom('consent_events')
          .select(['state', 'created_at', 'jurisdiction'])
          .whereRef('consent_events.principal_id', '=', 'principals.principal_id')
          .where('purpose', '=', 'biometric_capture')
          .orderBy('seq', 'desc')
          .limit(1)
          .as('latest'),
      (join) => join.onTrue(),
    )
    .select((of) => [
      'subject_id as id',
      'subject_kind as kind',
      'latest.state',
      'latest.created_at',
      of.ref('latest.jurisdiction').$castTo<JurisdictionName | null>().as('jurisdiction'),
      of
        .selectFrom('consent_events')
        .select('policy_version')
        .whereRef('consent_events.principal_id', '=', 'principals.principal_id')
        .where('purpose', '=', 'biometric_capture')
        .where('state', '=', 'granted')
        .orderBy('seq', 'desc')
        .limit(1)
        .as('policy_version'),
      of
        .selectFrom('consent_events')
        .select((choice) => choice.fn.max('created_at').as('created_at'))
        .where((either) =>
          either.or([
            either('consent_events.principal_id', '=', either.ref('principals.principal_id')),
            either('consent_events.given_by', '=', either.ref('principals.principal_id')),
          ]),
        )
        .as('last_choice_at'),
    ])
    .where('subject_id', 'in', ids)
    .execute();
}
