import { type Database, newId, once, type RequestKey } from '@irisvue/database';
import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import type { Kysely } from 'kysely';
import { accountOf, principalOf } from '../principals.ts';
import type { ConsentTables } from '../schema.ts';
import type { Subject } from '../subjects.ts';
import type { MinorRow, RelationName } from './schema.ts';

/** Dependents and who speaks for them (CR-02). */
export interface Minors {
  /** Makes a dependent of a user. NOT_ALLOWED unless the user declares to be of full age and to hold the authority. */
  declare(o: {
    readonly userId: string;
    readonly relation: RelationName;
    readonly declared: boolean;
    readonly request: RequestKey;
  }): Promise<MinorRow>;
  /** A user's dependents, newest first. */
  list(userId: string): Promise<MinorRow[]>;
}

export function createMinors(o: { readonly db: Database<ConsentTables>; readonly clock: Clock }): Minors {
  const { db, clock } = o;
  return {
    async declare({ userId, relation, declared, request }) {
      if (!declared) {
        const message = 'only who is of full age and holds the authority speaks for a minor';
        throw new DomainError(ErrorReason.NOT_ALLOWED, message, { needed: 'declaration' });
      }
      return db.transaction().execute(async (trx) => {
        const { id } = await once(trx, request, async () => {
          const now = clock.now();
          const subjectId = newId();
          await trx
            .insertInto('minors')
            .values({ subject_id: subjectId, representative_id: userId, relation, declared_at: now })
            .execute();
          await trx
            .insertInto('minor_declaration_events')
            .values({
              id: newId(),
              principal_id: await principalOf(trx, { id: subjectId, kind: 'minor' }),
              representative_principal_id: await principalOf(trx, accountOf(userId)),
              relation,
              created_at: now,
            })
            .execute();
          return subjectId;
        });
        return trx.selectFrom('minors').selectAll().where('subject_id', '=', id).executeTakeFirstOrThrow();
      });
    },

    list: (userId) =>
      db
        .selectFrom('minors')
        .selectAll()
        .where('representative_id', '=', userId)
        .orderBy('declared_at', 'desc')
        .orderBy('subject_id', 'desc')
        .execute(),
  };
}

/** Whether a user speaks for a minor. */
export async function isRepresentative(db: Kysely<ConsentTables>, minorId: string, userId: string): Promise<boolean> {
  const found = await db
    .selectFrom('minors')
    .select('subject_id')
    .where('subject_id', '=', minorId)
    .where('representative_id', '=', userId)
    .executeTakeFirst();
  return found !== undefined;
}

/** NOT_ALLOWED unless the subject is the caller, or a minor whom the caller represents: nobody chooses for an adult. */
export async function requireMayChoose(db: Kysely<ConsentTables>, subject: Subject, userId: string): Promise<void> {
  if (subject.kind === 'minor') {
    if (await isRepresentative(db, subject.id, userId)) return;
    throw new DomainError(ErrorReason.NOT_ALLOWED, 'only its representative chooses for a minor', {
      needed: 'representative',
    });
  }
  if (subject.id === userId) return;
  throw new DomainError(ErrorReason.NOT_ALLOWED, 'nobody consents for another person', { needed: 'own subject' });
}
