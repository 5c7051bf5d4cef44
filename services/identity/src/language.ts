import type { HandlerContext } from '@connectrpc/connect';
import { preferredLanguage } from '@irisvue/runtime';

/** The languages that mails are written in; the first is what everybody else gets. */
export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

/**
 * The language of a new account's mails: the one that was asked for, as a language tag (BCP 47), else what the caller's
 * Accept-Language likes best.
 */
export function accountLanguage(asked: string, context: Pick<HandlerContext, 'requestHeader'>): Language {
  const header = context.requestHeader.get('accept-language');
  return preferredLanguage(asked, LANGUAGES) ?? preferredLanguage(header, LANGUAGES) ?? LANGUAGES[0];
}
