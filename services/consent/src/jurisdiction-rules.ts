import { JURISDICTION_NAMES, type JurisdictionName, type PurposeName } from './consent-enums.ts';

// What each law asks for, one row each: the strictest is computed from them. Not legal advice.

/** At the latest when data must be gone: whichever limit comes first. Undefined: the law sets no such limit. */
export interface RetentionTerm {
  /** Months after the subject's last interaction. */
  readonly monthsAfterInteraction?: number;
  /** Months after the purpose of the consent has ended. */
  readonly monthsAfterPurpose?: number;
}

/** What a law asks for when an iris is photographed. */
export interface Rules {
  /** The law, as receipts name it. */
  readonly law: string;
  /** The legal basis that a record must state (GDPR); undefined where none has to be. */
  readonly lawfulBasis?: { readonly biometric: string; readonly marketing: string };
  /** Whether a record must flag biometric data as a special category (GDPR article 9). */
  readonly specialCategory: boolean;
  /** Whether a consent to a biometric purpose is a release in writing, with a signature. */
  readonly signature: boolean;
  /** Whether the notice must name category, purpose and retention at collection. */
  readonly noticeAtCollection: boolean;
  readonly term: RetentionTerm;
}

/** What has rules of its own. */
export type Law = Exclude<JurisdictionName, 'strictest'>;

export const RULES: Readonly<Record<Law, Rules>> = {
  gdpr: {
    law: 'Regulation (EU) 2016/679 (GDPR)',
    lawfulBasis: {
      biometric: 'explicit consent: articles 6(1)(a) and 9(2)(a) GDPR',
      marketing: 'consent: article 6(1)(a) GDPR',
    },
    specialCategory: true,
    signature: false,
    noticeAtCollection: false,
    term: {},
  },
  uk: {
    law: 'UK GDPR and Data Protection Act 2018',
    lawfulBasis: {
      biometric: 'explicit consent: articles 6(1)(a) and 9(2)(a) UK GDPR',
      marketing: 'consent: article 6(1)(a) UK GDPR',
    },
    specialCategory: true,
    signature: false,
    noticeAtCollection: false,
    term: {},
  },
  bipa: {
    law: 'Biometric Information Privacy Act (740 ILCS 14)',
    specialCategory: false,
    signature: true,
    noticeAtCollection: false,
    term: { monthsAfterInteraction: 36 }, // 15(a)
  },
  cubi: {
    law: 'Texas Business and Commerce Code, section 503.001 (CUBI)',
    specialCategory: false,
    signature: false,
    noticeAtCollection: false,
    term: { monthsAfterPurpose: 12 }, // (c)(3)
  },
  washington: {
    law: 'My Health My Data Act (RCW 19.373)',
    specialCategory: false,
    signature: false,
    noticeAtCollection: false,
    term: {},
  },
  ccpa: {
    law: 'California Consumer Privacy Act (Civil Code, section 1798.100 and following)',
    specialCategory: false,
    signature: false,
    noticeAtCollection: true,
    term: {},
  },
  generic: { law: 'none declared', specialCategory: false, signature: false, noticeAtCollection: false, term: {} },
};

/** The laws, without what stands for all of them. */
export const LAWS = JURISDICTION_NAMES.filter((name): name is Law => name !== 'strictest');

/** The rules of a jurisdiction; of an undeclared one the strictest of each (CR-18). */
export function rulesOf(jurisdiction: JurisdictionName): Rules {
  return jurisdiction === 'strictest' ? strictest(LAWS.map((law) => RULES[law])) : RULES[jurisdiction];
}

/** Whether a consent to this purpose needs a signature of the person. Marketing touches no biometric data. */
export function needsSignature(jurisdiction: JurisdictionName, purpose: PurposeName): boolean {
  return purpose !== 'marketing' && rulesOf(jurisdiction).signature;
}

/** What asks for everything that one of `all` asks for. */
export function strictest(all: readonly Rules[]): Rules {
  return {
    law: 'the strictest of all',
    lawfulBasis: all.find((rules) => rules.lawfulBasis !== undefined)?.lawfulBasis,
    specialCategory: all.some((rules) => rules.specialCategory),
    signature: all.some((rules) => rules.signature),
    noticeAtCollection: all.some((rules) => rules.noticeAtCollection),
    term: shortest(all.map((rules) => rules.term)),
  };
}

/** The shortest of each limit. */
export function shortest(terms: readonly RetentionTerm[]): RetentionTerm {
  const least = (limits: readonly (number | undefined)[]) => {
    const set = limits.filter((months) => months !== undefined);
    return set.length === 0 ? undefined : Math.min(...set);
  };
  return {
    monthsAfterInteraction: least(terms.map((term) => term.monthsAfterInteraction)),
    monthsAfterPurpose: least(terms.map((term) => term.monthsAfterPurpose)),
  };
}
