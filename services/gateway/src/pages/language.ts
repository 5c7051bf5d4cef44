import { preferredLanguage } from '@irisvue/runtime';

/** The languages that pages are written in; the first is what everybody else gets. */
const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The language of a page for a browser that sends this Accept-Language. */
export function pageLanguage(acceptLanguage: string | undefined): Language {
  return preferredLanguage(acceptLanguage, LANGUAGES) ?? LANGUAGES[0];
}
