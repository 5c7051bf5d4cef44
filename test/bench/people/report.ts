import { cell, percent, type Table } from '../vision/table.ts';
import type { EnforcementFigures } from './enforcement.ts';
import type { PasswordFigures } from './passwords.ts';
import type { PermissionFigures } from './permissions.ts';
import type { Effort, Rate } from './rate.ts';

/** All that was measured. */
export interface Report {
  readonly machine: string;
  readonly effort: Effort;
  readonly photo: string;
  readonly passwords: PasswordFigures;
  readonly permissions: PermissionFigures;
  readonly enforcement: EnforcementFigures;
}

/** The report as tables. */
export function tablesOf(report: Report): Table[] {
  return [signInTable(report), permissionTable(report), enforcementTable(report)];
}

function signInTable({ passwords, effort }: Report): Table {
  const { signIn, argon2, hashMs, addedMib, parameters } = passwords;
  const memory = Object.entries(addedMib).map(([count, mib]) => `${count} at a time: ${cell(mib, 0, ' MiB')}`);
  return {
    title: `Sign-ins, ${effort.parallel} at a time`,
    columns: ['', 'per second', 'of argon2 alone', 'one after the other'],
    rows: [row('argon2id alone', argon2, argon2), row('CreateSession', signIn, argon2)],
    notes: [
      `argon2id ${parameters}: ${cell(hashMs, 1, ' ms')} for a hash, ${memory.join(', ')} more memory at the peak`,
      'CreateSession: through the gateway, session and audit event written; argon2 alone: the same hash, no mesh around',
    ],
  };
}

function permissionTable({ permissions, effort }: Report): Table {
  const { select, checkConsent, checkDisclosure, checkArtworkPermission } = permissions;
  return {
    title: `Permission checks, ${effort.parallel} at a time`,
    columns: ['', 'per second', 'of a bare SELECT', 'one after the other'],
    rows: [
      row('bare SELECT', select, select),
      row('CheckConsent', checkConsent, select),
      row('CheckDisclosure', checkDisclosure, select),
      row('CheckArtworkPermission', checkArtworkPermission, select),
    ],
    notes: [
      'bare SELECT: a prepared look at one row by its index, from the process of the bench',
      'the checks: a call to consent with a token that is verified, the message validated, the same database asked',
    ],
  };
}

function enforcementTable({ enforcement, photo }: Report): Table {
  const { fetchMs, verifyMs, steps } = enforcement;
  return {
    title: 'What permission adds to a step',
    columns: ['step', 'the step', 'capability fetched', 'verified', 'share'],
    rows: Object.entries(steps).map(([name, ms]) => [
      name,
      cell(ms, 0, ' ms'),
      cell(fetchMs, 1, ' ms'),
      cell(verifyMs, 2, ' ms'),
      percent((fetchMs + verifyMs) / ms),
    ]),
    notes: [
      `photo: ${photo}`,
      'fetched: as jobs saw it while the steps ran, consents checked in it; it is part of the step',
    ],
  };
}

function row(name: string, rate: Rate, reference: Rate): string[] {
  return [name, cell(rate.perSecond, 0), cell(rate.perSecond / reference.perSecond, 2, ' ×'), cell(rate.ms, 2, ' ms')];
}
