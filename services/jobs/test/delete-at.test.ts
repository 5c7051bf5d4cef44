import { describe, expect, test } from 'vitest';
import { addMonths, deleteAt } from '../src/retention/delete-at.ts';

const at = (text: string) => new Date(`${text}T12:34:56.789Z`);
const photo = { created_at: at('2024-03-10') };

describe('CR-06: the retention of a photo ends', () => {
  test('three years after the last interaction, whichever that was', () => {
    const terms = { monthsAfterInteraction: 36 };
    expect(deleteAt(photo, undefined, terms)).toEqual(at('2027-03-10'));
    expect(deleteAt(photo, at('2025-01-01'), terms)).toEqual(at('2028-01-01'));
    expect(deleteAt(photo, at('2025-01-01'), { ...terms, lastChoiceAt: at('2025-06-30') })).toEqual(at('2028-06-30'));
    expect(deleteAt(photo, at('2020-01-01'), terms)).toEqual(at('2027-03-10'));
  });
  test('one year after the purpose ended', () => {
    const terms = { monthsAfterPurpose: 12, purposeEndedAt: at('2024-05-01') };
    expect(deleteAt(photo, at('2029-01-01'), terms)).toEqual(at('2025-05-01'));
    expect(deleteAt(photo, at('2029-01-01'), { monthsAfterPurpose: 12 })).toBeUndefined();
    expect(deleteAt(photo, undefined, { ...terms, monthsAfterPurpose: 0 })).toEqual(at('2024-05-01'));
  });
  test('with the first of them', () => {
    const purposeEndedAt = at('2025-01-01');
    const terms = { monthsAfterInteraction: 36, monthsAfterPurpose: 12, purposeEndedAt };
    expect(deleteAt(photo, undefined, terms)).toEqual(at('2026-01-01'));
    expect(deleteAt(photo, undefined, { ...terms, monthsAfterInteraction: 6 })).toEqual(at('2024-09-10'));
  });
  test('never, where no term ends it', () => {
    expect(deleteAt(photo, at('2025-01-01'), { purposeEndedAt: at('2025-01-01') })).toBeUndefined();
  });
});

test.each([
  ['2024-02-29', 12, '2025-02-28'],
  ['2024-02-29', 48, '2028-02-29'],
  ['2025-08-31', 6, '2026-02-28'],
  ['2025-12-31', 1, '2026-01-31'],
  ['2025-11-30', 3, '2026-02-28'],
  ['2026-01-15', 0, '2026-01-15'],
])('%s and %d months is %s, at the same time of day', (from, months, to) => {
  expect(addMonths(at(from), months)).toEqual(at(to));
});
