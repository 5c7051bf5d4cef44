import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { MAIL_TEMPLATES, mailText, parametersOf } from '../src/mail/mail-texts.ts';

describe('the texts of mails', () => {
  test('are the files of the folder, no more and no fewer', () => {
    const files = readdirSync(path.join(import.meta.dirname, '../mails')).map((name) => name.replace(/\.txt$/, ''));
    expect(files.toSorted()).toEqual(MAIL_TEMPLATES.toSorted());
  });

  test.each(MAIL_TEMPLATES)('%s has a subject of one line and says the same in both forms', (template) => {
    const parameters = Object.fromEntries(parametersOf(template).map((name) => [name, `https://x.example/${name}#1`]));
    const { subject, text, html } = mailText(template, parameters);
    expect(subject).toMatch(/^[^\r\n{}]{10,78}$/);
    const words = (given: string) => given.replace(/\s+/g, ' ').trim();
    const shown = html.replace(/<a href="[^"]*">/g, '').replace(/<[^>]+>/g, ' ');
    expect(words(shown)).toBe(words(text));
    expect(text).not.toMatch(/[{}]/);
  });

  test('never leave a parameter out', () => {
    expect(() => mailText('verify_email', {})).toThrow('link is missing');
  });

  test('take a parameter for text, not for HTML', () => {
    const { text, html } = mailText('erasure_completed', { certificate: '<b>&"' });
    expect(text).toContain('<b>&"');
    expect(html).toContain('&lt;b&gt;&amp;&quot;');
  });
});
