import { create } from '@bufbuild/protobuf';
import { SubjectSchema } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { AuditAction } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { once, type RequestKey } from '@irisvue/database';
import { recordAudit } from '@irisvue/events';
import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import { requireMayChoose } from '../capture/minors.ts';
import { SUBJECT_KIND_NAMES, SUBJECT_KINDS } from '../consent-enums.ts';
import { lockSubject, principalOf } from '../principals.ts';
import type { Subject } from '../subjects.ts';
import { subjectDigest, tombstoneOf } from '../tombstones.ts';
import type { AccessTokens } from './access-token.ts';
import { type ErasureSubject, findErasure, insertErasure } from './erasure-store.ts';
import { insertRequest, jurisdictionOf } from './privacy-requests.ts';
import type { ErasureRow, PrivacyDb, PrivacyTrx } from './schema.ts';

/** An erasure with what it has done so far. */
export interface ErasureReport extends ErasureRow {
  readonly erasedObjects: number;
  readonly jointWorks: number;
}

/** Erasures that people ask for. */
export interface Erasures {
  /**
   * Begins an erasure of a subject; with the holder of an account also of what was made under it for others: rendered
   * samples, test sets, minors. A subject whose erasure was begun before has that one. NOT_ALLOWED as requireMayChoose.
   */
  create(o: { readonly userId: string; readonly subject: Subject; readonly request: RequestKey }): Promise<string>;
  /** NOT_FOUND when there is none, or the token is not its own. */
  open(id: string, accessToken: string): Promise<ErasureReport>;
  /** The same, when besides it was this subject's. */
  openOf(id: string, accessToken: string, subject: Subject): Promise<ErasureReport>;
}

export function createErasures(o: {
  readonly db: PrivacyDb;
  readonly tokens: AccessTokens;
  readonly clock: Clock;
}): Erasures {
  const { db, clock } = o;

  async function open(id: string, accessToken: string): Promise<ErasureReport> {
    const row = o.tokens.matches(id, accessToken) ? await findErasure(db, id) : undefined;
    if (row === undefined) throw noSuchErasure(id);
    return {
      ...row,
      erasedObjects: await count('erasure_objects', id),
      jointWorks: await count('erasure_joint_works', id),
    };
  }
  async function count(table: 'erasure_objects' | 'erasure_joint_works', id: string): Promise<number> {
    const { rows } = await db
      .selectFrom(table)
      .select((of) => of.fn.countAll<number>().as('rows'))
      .where('erasure_id', '=', id)
      .executeTakeFirstOrThrow();
    return rows;
  }

  return {
    async create({ userId, subject, request }) {
      // Whoever was erased is nobody's representative any more: what was begun is asked for before who asks.
      const before = await tombstoneOf(db, subject);
      if (before !== undefined && subject.id === userId) return before.erasure_id;
      await requireMayChoose(db, subject, userId);
      const made = await db.transaction().execute((trx) =>
        once(trx, request, async () => {
          await lockSubject(trx, subject.id);
          const begun = await begunErasure(trx, subject);
          return begun ?? begin(trx, userId, subject, clock.now());
        }),
      );
      return made.id;
    },
    open,
    async openOf(id, accessToken, subject) {
      const erasure = await open(id, accessToken);
      if (erasure.subject_sha256 !== subjectDigest(subject)) throw noSuchErasure(id);
      return erasure;
    },
  };
}

async function begunErasure(trx: PrivacyTrx, subject: Subject): Promise<string | undefined> {
  const open = await trx
    .selectFrom('erasures')
    .select('id')
    .where('subject_sha256', '=', subjectDigest(subject))
    .executeTakeFirst();
  return open?.id;
}

async function begin(trx: PrivacyTrx, userId: string, subject: Subject, now: Date): Promise<string> {
  const subjects: ErasureSubject[] = [];
  for (const each of await withDependents(trx, subject)) {
    subjects.push({ ...each, principalId: await principalOf(trx, each) });
  }
  const { principalId } = subjects[0]!;
  const jurisdiction = await jurisdictionOf(trx, principalId);
  const id = await insertRequest(trx, { kind: 'erasure', principalId, jurisdiction, now });
  await insertErasure(trx, { id, subjectSha256: subjectDigest(subject), subjects, now });
  await recordAudit(trx, {
    service: 'consent',
    action: AuditAction.ERASURE_REQUESTED,
    userId,
    subjects: [create(SubjectSchema, { id: subject.id, kind: SUBJECT_KINDS[subject.kind] })],
    resources: { erasure: id },
    time: now,
  });
  return id;
}

/** The subject first; with the holder of an account all that hangs on the account. */
async function withDependents(trx: PrivacyTrx, subject: Subject): Promise<Subject[]> {
  if (subject.kind !== 'self') return [subject];
  const others = SUBJECT_KIND_NAMES.filter((kind) => kind === 'synthetic' || kind === 'evaluation');
  const minors = await trx
    .selectFrom('minors')
    .select('subject_id')
    .where('representative_id', '=', subject.id)
    .execute();
  return [
    subject,
    ...others.map((kind) => ({ id: subject.id, kind })),
    ...minors.map((minor) => ({ id: minor.subject_id, kind: 'minor' as const })),
  ];
}

function noSuchErasure(id: string): DomainError {
  return new DomainError(ErrorReason.NOT_FOUND, 'there is no such erasure', { resource: 'erasure', id });
}
