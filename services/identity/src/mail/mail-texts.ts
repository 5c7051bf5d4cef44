import { readFileSync } from 'node:fs';
import path from 'node:path';
import { LANGUAGES, type Language } from '../language.ts';

const FOLDER = path.join(import.meta.dirname, '../../mails');

/** The texts in `mails/LANGUAGE/`: a subject, an empty line, paragraphs with {{parameters}}. */
export const MAIL_TEMPLATES = [
  'verify_email',
  'reset_password',
  'change_email',
  'address_taken',
  'email_changed',
  'password_changed',
  'provider_linked',
  'artwork_permission_requested',
  'joint_artwork_withdrawn',
  'erasure_completed',
  'export_ready',
] as const;

export type MailTemplate = (typeof MAIL_TEMPLATES)[number];

/** What a person reads: as plain text, and the same as simple HTML without pictures or anything that is fetched. */
export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const PARAMETER = /\{\{([a-z_]+)\}\}/g;

/** The parameters that a template names, the same in every language. */
export function parametersOf(template: MailTemplate, language: Language = LANGUAGES[0]): readonly string[] {
  const { subject, body } = readTemplate(template, language);
  return [...`${subject}\n${body}`.matchAll(PARAMETER)].map(([, name]) => name!);
}

/** Fills a template. Throws when a parameter is missing. */
export function mailText(
  template: MailTemplate,
  language: Language,
  parameters: Readonly<Record<string, string>>,
): MailText {
  const { subject, body } = readTemplate(template, language);
  const fill = (text: string, escaped: (value: string) => string): string =>
    text.replace(PARAMETER, (_, name: string) => {
      const value = parameters[name];
      if (value === undefined) throw new Error(`mail ${template}: ${name} is missing`);
      return escaped(value);
    });
  const asItIs = (value: string): string => value;
  return { subject: fill(subject, asItIs), text: fill(body, asItIs), html: fill(htmlOf(body, language), escapeHtml) };
}

function readTemplate(template: MailTemplate, language: Language): { readonly subject: string; readonly body: string } {
  const [subject = '', ...rest] = readFileSync(path.join(FOLDER, language, `${template}.txt`), 'utf8').split('\n');
  return { subject, body: rest.join('\n').trim().concat('\n') };
}

// A paragraph that is only a link becomes one that can be clicked.
function htmlOf(body: string, language: Language): string {
  const paragraphs = body
    .trim()
    .split(/\n{2,}/)
    .map((paragraph) => escapeHtml(paragraph).replace('{{link}}', '<a href="{{link}}">{{link}}</a>'));
  return `<!doctype html>\n<html lang="${language}"><body>\n${paragraphs.map((p) => `<p>${p}</p>\n`).join('')}</body></html>\n`;
}

function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => entities[character]!);
}
