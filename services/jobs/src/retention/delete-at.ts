/** How long what shows a subject may be kept. */
export interface RetentionTerms {
  /** When somebody last chose about the subject, as far as consent knows. */
  readonly lastChoiceAt?: Date;
  /** When the purpose of its photos ended; undefined while it stands. */
  readonly purposeEndedAt?: Date;
  /** Months after the last interaction; undefined: no such limit. */
  readonly monthsAfterInteraction?: number;
  /** Months after the purpose ended; undefined: no such limit. */
  readonly monthsAfterPurpose?: number;
}

/**
 * When a photo's retention ends (CR-06): the earliest of what its terms set. The last interaction is the latest of the
 * photo's own capture, `interactedAt`, and the last choice. Undefined: nothing ends it.
 */
export function deleteAt(
  photo: { readonly created_at: Date },
  interactedAt: Date | undefined,
  terms: RetentionTerms,
): Date | undefined {
  const interactions = [photo.created_at, interactedAt, terms.lastChoiceAt].flatMap((at) => at?.getTime() ?? []);
  const { monthsAfterInteraction, monthsAfterPurpose, purposeEndedAt } = terms;
  const ends: Date[] = [];
  if (monthsAfterInteraction !== undefined) {
    ends.push(addMonths(new Date(Math.max(...interactions)), monthsAfterInteraction));
  }
  if (monthsAfterPurpose !== undefined && purposeEndedAt !== undefined) {
    ends.push(addMonths(purposeEndedAt, monthsAfterPurpose));
  }
  return ends.toSorted((a, b) => a.getTime() - b.getTime())[0];
}

/** The same day and time, UTC, `months` later; the month's last day where it has no such day. */
export function addMonths(at: Date, months: number): Date {
  const later = new Date(at);
  later.setUTCDate(1);
  later.setUTCMonth(later.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(later.getUTCFullYear(), later.getUTCMonth() + 1, 0)).getUTCDate();
  later.setUTCDate(Math.min(at.getUTCDate(), lastDay));
  return later;
}
