/** The languages that pages are written in; the first is what everybody else gets. */
export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The language of LANGUAGES that an Accept-Language header likes best (RFC 9110 §12.5.4); English when it names none. */
export function pageLanguage(acceptLanguage: string | undefined): Language {
  const wishes = (acceptLanguage ?? '').split(',').map((entry, index) => {
    const [range = '', ...parameters] = entry
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    return { language: range.split('-')[0], quality: quality === undefined ? 1 : Number(quality), index };
  });
  const best = wishes
    .filter(({ language, quality }) => LANGUAGES.some((known) => known === language) && quality > 0)
    .toSorted((a, b) => b.quality - a.quality || a.index - b.index)[0];
  return LANGUAGES.find((known) => known === best?.language) ?? LANGUAGES[0];
}
