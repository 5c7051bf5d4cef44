import type { Database } from '@irisvue/database';
import { type Clock, DomainError, ErrorReason } from '@irisvue/runtime';
import { updateRole, userByEmail } from './account-store.ts';
import { auditRole } from './audited.ts';
import type { IdentityTables, Role, UserRow } from './schema.ts';
import { endSessionsOf } from './session-store.ts';

/**
 * Sets an account's role and ends its sessions when that changes it, so that tokens with the old role are refused.
 * NOT_FOUND for an unknown e-mail; EMAIL_NOT_VERIFIED, because an address that nobody proved must not become an operator's.
 */
export type SetRole = (email: string, role: Role) => Promise<UserRow>;

export function createSetRole(o: { readonly db: Database<IdentityTables>; readonly clock: Clock }): SetRole {
  return (email, role) =>
    o.db.transaction().execute(async (trx) => {
      const user = await userByEmail(trx, email);
      if (user === undefined) {
        throw new DomainError(ErrorReason.NOT_FOUND, 'no account has this e-mail', { resource: 'user' });
      }
      if (user.role === role) return user;
      if (role === 'operator' && !user.verified) {
        throw new DomainError(ErrorReason.EMAIL_NOT_VERIFIED, 'the account has not verified its e-mail');
      }
      const now = o.clock.now();
      await endSessionsOf(trx, user.id, 'role_changed', now);
      await auditRole(trx, user.id, now);
      return updateRole(trx, user.id, role, now);
    });
}
