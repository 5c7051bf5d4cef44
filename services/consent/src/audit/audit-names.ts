import { AuditAction, AuditOutcome } from '@irisvue/contracts/irisvue/privacy/v1/audit';

const nameOf = (all: Readonly<Record<string, number>>, value: number): string =>
  (Object.entries(all).find(([, number]) => number === value)?.[0] ?? `number_${value}`).toLowerCase();

/** The word that entries use for an action; `number_N` for one that only a newer service knows. */
export const actionName = (action: AuditAction): string => nameOf(AuditAction, action);

/** The word that entries use for an outcome. */
export const outcomeName = (outcome: AuditOutcome): string => nameOf(AuditOutcome, outcome);

/** The action of a word; unspecified for one that this build does not know. */
export function actionOf(name: string): AuditAction {
  return (AuditAction as Readonly<Record<string, AuditAction>>)[name.toUpperCase()] ?? AuditAction.UNSPECIFIED;
}

/** The outcome of a word; unspecified for one that this build does not know. */
export function outcomeOf(name: string): AuditOutcome {
  return (AuditOutcome as Readonly<Record<string, AuditOutcome>>)[name.toUpperCase()] ?? AuditOutcome.UNSPECIFIED;
}
