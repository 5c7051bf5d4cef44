import type { Clock } from '@irisvue/runtime';
import { z } from 'zod';
import type { Evidence } from '../evidence.ts';
import { chainHead, listChain, readChain } from './audit-chain.ts';
import type { AuditDb, StoredEntry } from './schema.ts';
import { type ChainReport, verifyChain } from './verify-chain.ts';

const ANCHOR_TYPE = 'irisvue-audit-anchor+jws';
const AnchorPayload = z.object({ seq: z.int().min(0), hash: z.string().regex(/^[0-9a-f]{64}$/), time: z.string() });

/** What the log says about itself when it is asked. */
export type AuditReport = {
  readonly entries: number;
  readonly problem?: NonNullable<ChainReport['problem']> | { readonly kind: 'anchor_forged'; readonly seq: number };
};

/** The audit log: read, verified, anchored. */
export interface AuditLog {
  /** Newest first, below the place `before`; with `userId` those alone that name this user or a subject of the same id. */
  list(o: { readonly userId?: string; readonly before?: number; readonly limit: number }): Promise<StoredEntry[]>;
  /** Walks the chain; with an anchor, also whether it still holds what it held then. */
  verify(anchor?: string): Promise<AuditReport>;
  /** The end of the chain as a signed document, a JWS in compact form. */
  anchor(): Promise<string>;
}

export function createAuditLog(o: {
  readonly db: AuditDb;
  readonly evidence: Evidence;
  readonly clock: Clock;
}): AuditLog {
  const { db, evidence, clock } = o;
  return {
    async list({ userId, before, limit }) {
      if (userId === undefined) return listChain(db, { before, limit });
      const rows = await db.selectFrom('principals').select('principal_id').where('subject_id', '=', userId).execute();
      if (rows.length === 0) return [];
      return listChain(db, { principals: rows.map((row) => row.principal_id), before, limit });
    },
    async verify(anchor) {
      if (anchor === undefined) return verifyChain(readChain(db));
      const payload = AnchorPayload.safeParse(await evidence.read(ANCHOR_TYPE, anchor));
      if (!payload.success) return { entries: 0, problem: { kind: 'anchor_forged', seq: 0 } };
      return verifyChain(readChain(db), payload.data);
    },
    async anchor() {
      const { seq, hash } = await chainHead(db);
      return evidence.sign(ANCHOR_TYPE, { seq, hash, time: clock.now().toISOString() });
    },
  };
}
