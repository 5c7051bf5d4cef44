import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { DomainError, ErrorReason } from '@irisvue/runtime';
import { z } from 'zod';
import type { RetentionTerm } from './jurisdiction-rules.ts';
import type { Operator } from './operator.ts';
import { DEFAULT_LANGUAGE, fill, inLanguage, parseVersionedText, sha256 } from './versioned-text.ts';

/** The public policy of what is kept how long (CR-05), in one language. */
export interface RetentionPolicy {
  /** Date of the text, YYYY-MM-DD; the name of its folder. */
  readonly version: string;
  readonly inForceAt: Date;
  /** The operator's own schedule. */
  readonly term: RetentionTerm;
  /** BCP 47. */
  readonly language: string;
  /** Markdown, with the operator filled in. */
  readonly body: string;
  /** SHA-256 of body, hexadecimal. */
  readonly sha256: string;
}

/** Every policy that there is, past and announced. */
export interface RetentionPolicies {
  /** The latest that is in force at `now`. POLICY_NOT_IN_FORCE {in_force_time} when there is none yet. */
  inForce(now: Date, language: string): RetentionPolicy;
  /** The own schedule of a version; empty when there is no such version (any more). */
  termOf(version: string): RetentionTerm;
}

const frontMatter = z.strictObject({
  version: z.iso.date(),
  in_force: z.iso.datetime().transform((text) => new Date(text)),
  months_after_interaction: z.coerce.number().int().min(1).max(36),
});

/**
 * Reads `<folder>/<version>/<language>.md`. Throws an Error when a file's version is not its folder's, its languages
 * differ in more than words, or English is missing.
 */
export async function loadRetentionPolicies(folder: string, operator: Operator): Promise<RetentionPolicies> {
  const versions: Map<string, RetentionPolicy>[] = [];
  for (const version of (await readdir(folder)).toSorted()) {
    const byLanguage = new Map<string, RetentionPolicy>();
    for (const file of await readdir(path.join(folder, version))) {
      const policy = await readPolicy(path.join(folder, version, file), operator);
      byLanguage.set(policy.language, policy);
    }
    requireAgreement(version, byLanguage);
    versions.push(byLanguage);
  }
  return policiesOf(versions);
}

async function readPolicy(file: string, operator: Operator): Promise<RetentionPolicy> {
  const { head, body: template } = parseVersionedText(await readFile(file, 'utf8'), file, frontMatter);
  const { name, address, contact } = operator;
  const months = head.months_after_interaction;
  const body = fill(template, { operator: name, address, contact, months_after_interaction: String(months) });
  return {
    version: head.version,
    inForceAt: head.in_force,
    term: { monthsAfterInteraction: months },
    language: path.basename(file, '.md'),
    body,
    sha256: sha256(body),
  };
}

function requireAgreement(version: string, byLanguage: ReadonlyMap<string, RetentionPolicy>): void {
  const english = byLanguage.get(DEFAULT_LANGUAGE);
  if (english === undefined) throw new Error(`retention policy ${version} lacks ${DEFAULT_LANGUAGE}`);
  const facts = (policy: RetentionPolicy) => JSON.stringify([policy.version, policy.inForceAt, policy.term]);
  for (const policy of byLanguage.values()) {
    if (policy.version !== version || facts(policy) !== facts(english)) {
      throw new Error(`retention policy ${version} in ${policy.language} differs in its front matter`);
    }
  }
}

/** Policies by language, one map for each version. */
export function policiesOf(versions: readonly ReadonlyMap<string, RetentionPolicy>[]): RetentionPolicies {
  const inForceAt = (byLanguage: ReadonlyMap<string, RetentionPolicy>) => byLanguage.get(DEFAULT_LANGUAGE)!.inForceAt;
  const sorted = versions.toSorted((a, b) => inForceAt(a).getTime() - inForceAt(b).getTime());
  return {
    inForce(now, language) {
      const standing = sorted.findLast((byLanguage) => inForceAt(byLanguage) <= now);
      const found = standing && inLanguage(standing, language);
      if (found !== undefined) return found;
      throw new DomainError(ErrorReason.POLICY_NOT_IN_FORCE, 'no retention policy is in force', {
        in_force_time: sorted[0] === undefined ? '' : inForceAt(sorted[0]).toISOString(),
      });
    },
    termOf(version) {
      const english = sorted.map((byLanguage) => byLanguage.get(DEFAULT_LANGUAGE)!);
      return english.find((policy) => policy.version === version)?.term ?? {};
    },
  };
}
