import type { JurisdictionName } from '../consent-enums.ts';

/** The terms of a request, from the moment that it came in. */
export interface Clocks {
  /** When it must have been confirmed; undefined where no law asks for that. */
  readonly confirmDue: Date | undefined;
  readonly due: Date;
  /** When it must be done once the term is prolonged. */
  readonly extendedDue: Date;
}

/** Days in which California wants a request confirmed, and done (Cal. Code Regs. tit. 11, § 7021). */
const CALIFORNIA = { confirmBusinessDays: 10, days: 45, moreDays: 45 } as const;
/** Months in which a request must be done (GDPR art. 12(3)). */
const GDPR = { months: 1, moreMonths: 2 } as const;

/** The clocks of a request (CR-12). Where no law or several are in question, the earliest of each term counts. */
export function clocksOf(jurisdiction: JurisdictionName, received: Date): Clocks {
  const gdpr: Clocks = {
    confirmDue: undefined,
    due: addMonths(received, GDPR.months),
    extendedDue: addMonths(received, GDPR.months + GDPR.moreMonths),
  };
  const california: Clocks = {
    confirmDue: addBusinessDays(received, CALIFORNIA.confirmBusinessDays),
    due: addDays(received, CALIFORNIA.days),
    extendedDue: addDays(received, CALIFORNIA.days + CALIFORNIA.moreDays),
  };
  switch (jurisdiction) {
    case 'gdpr':
    case 'uk':
      return gdpr;
    case 'ccpa':
      return california;
    case 'strictest':
    case 'bipa':
    case 'cubi':
    case 'washington':
    case 'generic':
      return {
        confirmDue: california.confirmDue,
        due: earlier(gdpr.due, california.due),
        extendedDue: earlier(gdpr.extendedDue, california.extendedDue),
      };
    default:
      return jurisdiction satisfies never;
  }
}

/** The same day some months later, or the last day of that month when it has none of the number; UTC. */
export function addMonths(time: Date, months: number): Date {
  const later = new Date(time);
  later.setUTCDate(1);
  later.setUTCMonth(later.getUTCMonth() + months);
  const daysInMonth = new Date(Date.UTC(later.getUTCFullYear(), later.getUTCMonth() + 1, 0)).getUTCDate();
  later.setUTCDate(Math.min(time.getUTCDate(), daysInMonth));
  return later;
}

/** So many days from Monday to Friday later. Holidays count as working days: the term ends rather too early. */
export function addBusinessDays(time: Date, days: number): Date {
  let later = time;
  for (let left = days; left > 0; ) {
    later = addDays(later, 1);
    const weekday = later.getUTCDay();
    if (weekday !== 0 && weekday !== 6) left -= 1;
  }
  return later;
}

function addDays(time: Date, days: number): Date {
  const later = new Date(time);
  later.setUTCDate(later.getUTCDate() + days);
  return later;
}

const earlier = (a: Date, b: Date): Date => (a < b ? a : b);
