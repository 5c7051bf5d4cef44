import { expect, test } from 'vitest';
import { JURISDICTION_NAMES } from '../../src/consent-enums.ts';
import { addBusinessDays, addMonths, clocksOf } from '../../src/privacy/request-clocks.ts';

const at = (day: string) => new Date(`${day}T10:00:00Z`);

test.each(['gdpr', 'uk'] as const)('CR-12 %s: one month, and two more', (jurisdiction) => {
  expect(clocksOf(jurisdiction, at('2026-01-31'))).toEqual({
    confirmDue: undefined,
    due: at('2026-02-28'),
    extendedDue: at('2026-04-30'),
  });
});

test('CR-12 California: 10 business days to confirm, 45 days, and 45 more', () => {
  expect(clocksOf('ccpa', at('2026-11-20'))).toEqual({
    confirmDue: at('2026-12-04'),
    due: at('2027-01-04'),
    extendedDue: at('2027-02-18'),
  });
});

test('CR-12 an undeclared residence has the earliest of each term', () => {
  expect(clocksOf('strictest', at('2026-11-20'))).toEqual({
    confirmDue: at('2026-12-04'),
    due: at('2026-12-20'),
    extendedDue: at('2027-02-18'),
  });
});

test('no jurisdiction has a term longer than the laws allow', () => {
  for (const name of JURISDICTION_NAMES) {
    const { due, extendedDue } = clocksOf(name, at('2026-07-01'));
    expect(due <= at('2026-08-15')).toBe(true);
    expect(extendedDue <= at('2026-10-01')).toBe(true);
    expect(due < extendedDue).toBe(true);
  }
});

test('months end where the calendar does', () => {
  expect(addMonths(at('2027-12-31'), 2)).toEqual(at('2028-02-29'));
  expect(addMonths(at('2026-03-15'), 1)).toEqual(at('2026-04-15'));
});

test('business days pass over weekends', () => {
  expect(addBusinessDays(at('2026-11-20'), 1)).toEqual(at('2026-11-23'));
  expect(addBusinessDays(at('2026-11-21'), 1)).toEqual(at('2026-11-23'));
});
