import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { LANGUAGES } from '../src/language.ts';
import { MAIL_TEMPLATES, mailText, parametersOf } from '../src/mail/mail-texts.ts';

describe('the texts of mails', () => {
  test.each(LANGUAGES)('are the files of the folder %s, no more and no fewer', (language) => {
    const folder = path.join(import.meta.dirname, '../mails', language);
    const files = readdirSync(folder).map((name) => name.replace(/\.txt$/, ''));
    expect(files.toSorted()).toEqual(MAIL_TEMPLATES.toSorted());
  });

  const all = MAIL_TEMPLATES.flatMap((template) => LANGUAGES.map((language) => ({ template, language })));
  test.each(all)('$template ($language) has a subject of one line and says the same in both forms', (one) => {
    const { template, language } = one;
    expect(parametersOf(template, language).toSorted()).toEqual(parametersOf(template).toSorted());
    const parameters = Object.fromEntries(parametersOf(template).map((name) => [name, `https://x.example/${name}#1`]));
    const { subject, text, html } = mailText(template, language, parameters);
    expect(html).toContain(`<html lang="${language}">`);
    expect(subject).toMatch(/^[^\r\n{}]{10,78}$/);
    const words = (given: string) => given.replace(/\s+/g, ' ').trim();
    const shown = html.replace(/<a href="[^"]*">/g, '').replace(/<[^>]+>/g, ' ');
    expect(words(shown)).toBe(words(text));
    expect(text).not.toMatch(/[{}]/);
  });

  test('never leave a parameter out', () => {
    expect(() => mailText('verify_email', 'de', {})).toThrow('link is missing');
  });

  test('take a parameter for text, not for HTML', () => {
    const { text, html } = mailText('erasure_completed', 'en', { certificate: '<b>&"' });
    expect(text).toContain('<b>&"');
    expect(html).toContain('&lt;b&gt;&amp;&quot;');
  });
});
