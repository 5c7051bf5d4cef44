import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type JurisdictionName, PURPOSE_NAMES, type PurposeName } from './consent-enums.ts';
import { LAWS, type RetentionTerm, rulesOf, shortest } from './jurisdiction-rules.ts';
import type { Operator } from './operator.ts';
import type { Recipient } from './recipients.ts';
import type { RetentionPolicy } from './retention-policies.ts';
import { DEFAULT_LANGUAGE, fill, inLanguage, parseVersionedText, sectionsOf, sha256 } from './versioned-text.ts';

/** A text that is shown before a consent is asked. */
export interface Notice {
  /** `<jurisdiction>/<purpose>/<language>`. */
  readonly id: string;
  /** Date of the newest of its parts, YYYY-MM-DD. */
  readonly version: string;
  /** SHA-256 of the body as served, in UTF-8, hexadecimal. */
  readonly sha256: string;
  readonly purpose: PurposeName;
  readonly jurisdiction: JurisdictionName;
  /** BCP 47. */
  readonly language: string;
  /** Markdown: operator, term, recipients and policy are filled in. */
  readonly body: string;
  /** Short names of the recipients that it names. */
  readonly recipients: readonly string[];
  readonly policy: RetentionPolicy;
}

/** What a notice depends on, apart from its texts. */
export interface NoticeWish {
  readonly jurisdiction: JurisdictionName;
  readonly purpose: PurposeName;
  /** BCP 47; the nearest language there is will be taken. */
  readonly language: string;
  /** The recipients that the person names. */
  readonly recipients: readonly Recipient[];
  /** The policy in force, in that language. */
  readonly policy: RetentionPolicy;
}

/** Makes the notice in force: the same wish gives the same text, byte by byte. */
export type Notices = (wish: NoticeWish) => Notice;

/** A file of `notices`: its sections by heading. */
interface TextPart {
  readonly version: string;
  readonly body: string;
  readonly sections: ReadonlyMap<string, string>;
}
type Translations = ReadonlyMap<string, TextPart>;

const frontMatter = z.strictObject({ version: z.iso.date() });

/**
 * Reads what notices are made of: `purposes/<purpose>/<language>.md`, the text with its gaps;
 * `jurisdictions/<jurisdiction>/<language>.md`, the rights that a law gives, for biometric purposes and for marketing;
 * `terms/<language>.md`, the words for terms and recipients. Throws when one of them lacks English or is malformed.
 */
export async function loadNotices(folder: string, operator: Operator): Promise<Notices> {
  const terms = await readTranslations(path.join(folder, 'terms'));
  const purposes = await readEach(path.join(folder, 'purposes'), PURPOSE_NAMES);
  const jurisdictions = await readEach(path.join(folder, 'jurisdictions'), [...LAWS, 'strictest'] as const);

  return ({ jurisdiction, purpose, language: wanted, recipients, policy }) => {
    const template = inLanguage(purposes[purpose], wanted)!;
    const language = languageOf(purposes[purpose], template);
    const words = inLanguage(terms, language)!;
    const laws = jurisdiction === 'strictest' ? (['strictest', ...LAWS] as const) : [jurisdiction];
    const texts = laws.map((law) => inLanguage(jurisdictions[law], language)!);
    const body = fill(template.body, {
      operator: operator.name,
      address: operator.address,
      contact: operator.contact,
      policy: policy.version,
      term: termText(words, shortest([rulesOf(jurisdiction).term, policy.term])),
      recipients: recipientsText(words, operator, recipients),
      rights_title: texts[0]!.sections.get('')!.replace(/^# /, ''),
      rights: rightsText(texts, purpose),
    });
    const versions = [template, words, ...texts].map((part) => part.version);
    return {
      id: `${jurisdiction}/${purpose}/${language}`,
      version: versions.toSorted().at(-1)!,
      sha256: sha256(body),
      ...{ purpose, jurisdiction, language, body, policy },
      recipients: recipients.map(({ id }) => id),
    };
  };
}

/** The rights that any of these laws gives, each once. */
function rightsText(texts: readonly TextPart[], purpose: PurposeName): string {
  const heading = purpose === 'marketing' ? 'marketing' : 'biometric';
  const rights = texts.flatMap((text) => text.sections.get(heading)!.split(/\n(?=- )/));
  return [...new Set(rights)].join('\n');
}

function termText({ sections }: TextPart, term: RetentionTerm): string {
  const limits = [
    { heading: 'after_interaction', months: term.monthsAfterInteraction },
    { heading: 'after_purpose', months: term.monthsAfterPurpose },
  ].flatMap(({ heading, months }) =>
    months === undefined ? [] : [fill(sections.get(heading)!, { months: String(months) })],
  );
  return fill(sections.get('until')!, { limits: limits.join(` ${sections.get('or')!} `) });
}

function recipientsText({ sections }: TextPart, operator: Operator, recipients: readonly Recipient[]): string {
  const locations = operator.storageLocations.join(', ');
  if (recipients.length === 0) return fill(sections.get('no_recipients')!, { locations });
  const names = recipients.map(({ description }) => description).join('; ');
  return fill(sections.get('recipients')!, { locations, names });
}

async function readEach<Name extends string>(
  folder: string,
  names: readonly Name[],
): Promise<Readonly<Record<Name, Translations>>> {
  const read = await Promise.all(names.map(async (name) => [name, await readTranslations(path.join(folder, name))]));
  return Object.fromEntries(read) as Record<Name, Translations>;
}

async function readTranslations(folder: string): Promise<Translations> {
  const parts = new Map<string, TextPart>();
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    const { head, body } = parseVersionedText(await readFile(file, 'utf8'), file, frontMatter);
    parts.set(path.basename(name, '.md'), { version: head.version, body, sections: sectionsOf(body) });
  }
  if (!parts.has(DEFAULT_LANGUAGE)) throw new Error(`${folder} lacks ${DEFAULT_LANGUAGE}`);
  return parts;
}

function languageOf(translations: Translations, part: TextPart): string {
  return [...translations].find(([, candidate]) => candidate === part)![0];
}
