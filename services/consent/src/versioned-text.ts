import { createHash } from 'node:crypto';
import type { z } from 'zod';

/** The language that every text has. */
export const DEFAULT_LANGUAGE = 'en';

/**
 * Reads a text file: front matter (`key: value` lines between two lines of `---`), then the body. Throws an Error that
 * names `file` when it is not well-formed or `head` does not accept its front matter.
 */
export function parseVersionedText<T>(
  text: string,
  file: string,
  head: z.ZodType<T>,
): { readonly head: T; readonly body: string } {
  const [, lines, body] = /^---\n(.*?)\n---\n\s*(\S.*)$/s.exec(text) ?? [];
  if (lines === undefined || body === undefined) throw new Error(`${file}: front matter and a body are needed`);
  const fields = Object.fromEntries(
    lines.split('\n').map((line) => /^([^:]*):\s*(.*)$/.exec(line)?.slice(1) ?? [line]),
  );
  const parsed = head.safeParse(fields);
  if (!parsed.success) throw new Error(`${file}: its front matter is not well-formed`, { cause: parsed.error });
  return { head: parsed.data, body };
}

/** The parts of a body under its `## ` headings, trimmed, by heading; what stands before the first is under ''. */
export function sectionsOf(body: string): ReadonlyMap<string, string> {
  const [before, ...parts] = body.split(/^## /m);
  const sections = parts.map((part) => {
    const end = part.indexOf('\n');
    return [part.slice(0, end).trim(), part.slice(end).trim()] as const;
  });
  return new Map([['', before!.trim()], ...sections]);
}

/** Puts values in the place of `{{name}}`. Throws an Error for a name without a value. */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`a text asks for {{${name}}}, which has no value`);
    return value;
  });
}

/** Finds what comes nearest to a BCP 47 tag: "de-AT", then "de", then "en". Undefined when there is not even that. */
export function inLanguage<T>(byLanguage: ReadonlyMap<string, T>, language: string): T | undefined {
  const tags = [language, language.split('-', 1)[0]!, DEFAULT_LANGUAGE];
  return tags.map((tag) => byLanguage.get(tag)).find((found) => found !== undefined);
}

/** SHA-256 of a text in UTF-8, hexadecimal. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
