/**
 * The language of `offered` (lower-case primary subtags, such as "de") that an Accept-Language header likes best (RFC 9110
 * §12.5.4, RFC 4647 §3.4); undefined when it names none of them.
 */
export function preferredLanguage<Language extends string>(
  acceptLanguage: string | null | undefined,
  offered: readonly Language[],
): Language | undefined {
  const wishes = (acceptLanguage ?? '').split(',').map((entry, index) => {
    const [range = '', ...parameters] = entry
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    const language = offered.find((each) => each === range.split('-')[0]);
    return { language, quality: quality === undefined ? 1 : Number(quality), index };
  });
  return wishes
    .filter(({ language, quality }) => language !== undefined && quality > 0)
    .toSorted((a, b) => b.quality - a.quality || a.index - b.index)[0]?.language;
}
