import { expect, it } from 'vitest';
import { preferredLanguage } from '../src/index.ts';

it.each([
  [undefined, undefined],
  [null, undefined],
  ['', undefined],
  ['de', 'de'],
  ['de-AT,de;q=0.9,en;q=0.8', 'de'],
  ['DE-ch', 'de'],
  ['fr, en;q=0.4, de;q=0.5', 'de'],
  ['en, de', 'en'],
  ['fr-FR', undefined],
  ['de;q=0, *', undefined],
  ['german', undefined],
  ['; ,,q=x,de;q=nonsense', undefined],
])('%s prefers %s', (header, language) => {
  expect(preferredLanguage(header, ['en', 'de'])).toBe(language);
});
