import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { JURISDICTION_NAMES, type JurisdictionName, PURPOSE_NAMES, type PurposeName } from './consent-enums.ts';

/** A text that is shown before a consent is asked. */
export interface Notice {
  /** `<jurisdiction>/<purpose>/<language>`, the path of its file. */
  readonly id: string;
  /** Date of the text, YYYY-MM-DD. */
  readonly version: string;
  /** SHA-256 of the body in UTF-8, hexadecimal. */
  readonly sha256: string;
  readonly purpose: PurposeName;
  readonly jurisdiction: JurisdictionName;
  /** BCP 47. */
  readonly language: string;
  /** Markdown. */
  readonly body: string;
}

/** The notices in force. */
export interface Notices {
  readonly all: readonly Notice[];
  /** The notice for a purpose and a residence, in the language that comes nearest: "de-AT", then "de", then "en". */
  find(jurisdiction: JurisdictionName, purpose: PurposeName, language: string): Notice;
}

/** The language that every notice has. */
export const DEFAULT_LANGUAGE = 'en';

const frontMatter = z.strictObject({ id: z.string(), version: z.iso.date() });

/**
 * Reads `<folder>/<jurisdiction>/<purpose>/<language>.md`. Throws when a file's front matter is not its path's, or when
 * a purpose lacks its English notice under any jurisdiction.
 */
export async function loadNotices(folder: string): Promise<Notices> {
  const all: Notice[] = [];
  for (const jurisdiction of JURISDICTION_NAMES) {
    for (const purpose of PURPOSE_NAMES) {
      const names = await readdir(path.join(folder, jurisdiction, purpose));
      for (const name of names.filter((file) => file.endsWith('.md'))) {
        const language = path.basename(name, '.md');
        const text = await readFile(path.join(folder, jurisdiction, purpose, name), 'utf8');
        all.push(parseNotice(text, { jurisdiction, purpose, language }));
      }
    }
  }
  return noticesOf(all);
}

/** Reads one notice: front matter between two lines of `---`, then the body. Throws when it is not well-formed. */
export function parseNotice(text: string, o: Pick<Notice, 'jurisdiction' | 'purpose' | 'language'>): Notice {
  const id = `${o.jurisdiction}/${o.purpose}/${o.language}`;
  const [, head, body] = /^---\n(.*?)\n---\n\s*(\S.*)$/s.exec(text) ?? [];
  if (head === undefined || body === undefined) throw new Error(`notice ${id}: front matter and a body are needed`);
  const fields = Object.fromEntries(head.split('\n').map((line) => line.split(/:\s*/, 2)));
  const { id: named, version } = frontMatter.parse(fields);
  if (named !== id) throw new Error(`notice ${id}: its front matter names ${named}`);
  return { id, version, sha256: createHash('sha256').update(body).digest('hex'), ...o, body };
}

function noticesOf(all: readonly Notice[]): Notices {
  const byId = new Map(all.map((notice) => [notice.id, notice]));
  const find = (jurisdiction: JurisdictionName, purpose: PurposeName, language: string): Notice => {
    for (const tag of [language, language.split('-', 1)[0], DEFAULT_LANGUAGE]) {
      const notice = byId.get(`${jurisdiction}/${purpose}/${tag}`);
      if (notice !== undefined) return notice;
    }
    throw new Error(`no notice ${jurisdiction}/${purpose}/${DEFAULT_LANGUAGE}`);
  };
  for (const jurisdiction of JURISDICTION_NAMES) {
    for (const purpose of PURPOSE_NAMES) find(jurisdiction, purpose, DEFAULT_LANGUAGE);
  }
  return { all, find };
}
