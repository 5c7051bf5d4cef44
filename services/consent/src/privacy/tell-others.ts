import { createHash } from 'node:crypto';
import type { Client } from '@connectrpc/connect';
import { MailTemplate, type ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { type Clock, ErrorReason, reasonOf } from '@irisvue/runtime';
import type { Evidence } from '../evidence.ts';
import type { PrivacyDb } from './schema.ts';

const NOTICE_TYPE = 'irisvue-erasure-notice+jws';
const HOOK_LIMIT_MS = 10_000;

/** Where a recipient outside the mesh is told of erasures: its short name and a URL that takes a POST. */
export type RecipientHooks = ReadonlyMap<string, string>;

export interface Telling {
  readonly db: PrivacyDb;
  readonly identity: Pick<Client<typeof ServiceIdentityService>, 'sendMail'>;
  readonly evidence: Evidence;
  readonly hooks: RecipientHooks;
  readonly clock: Clock;
}

/** Tells the others in joint works (CR-09), each once per work, and forgets who they were. */
export async function tellJointAuthors(o: Telling, erasureId: string, signal: AbortSignal): Promise<void> {
  const works = await o.db.selectFrom('erasure_joint_works').selectAll().where('erasure_id', '=', erasureId).execute();
  for (const { artwork_id, other_user_ids } of works) {
    if (other_user_ids.length === 0) continue;
    let told = 0;
    for (const userId of other_user_ids) {
      const requestId = stableId(erasureId, artwork_id, userId);
      const mail = { requestId, userId, template: MailTemplate.JOINT_ARTWORK_WITHDRAWN, parameters: {} };
      try {
        await o.identity.sendMail(mail, { signal });
        told += 1;
      } catch (error) {
        if (reasonOf(error) !== ErrorReason.NOT_FOUND) throw error; // whoever has left needs no mail
      }
    }
    await o.db
      .updateTable('erasure_joint_works')
      .set({ told, other_user_ids: [] })
      .where('erasure_id', '=', erasureId)
      .where('artwork_id', '=', artwork_id)
      .execute();
  }
}

/**
 * Tells every recipient that a consent of these principals ever named (CR-10) and keeps the outcome of each: `told`,
 * `refused: STATUS`, or `no way to tell` for one without a hook. Throws when a recipient cannot be reached now.
 */
export async function tellRecipients(
  o: Telling,
  erasureId: string,
  principals: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const named = await o.db
    .selectFrom('consent_events')
    .select('recipients')
    .where('principal_id', 'in', principals)
    .execute();
  const known = await o.db
    .selectFrom('erasure_recipients')
    .select('recipient')
    .where('erasure_id', '=', erasureId)
    .execute();
  const recipients = new Set(named.flatMap((row) => row.recipients));
  for (const { recipient } of known) recipients.delete(recipient);
  for (const recipient of [...recipients].sort()) {
    const outcome = await tellRecipient(o, { erasureId, recipient, principals, signal });
    const told_at = o.clock.now();
    await o.db
      .insertInto('erasure_recipients')
      .values({ erasure_id: erasureId, recipient, outcome, told_at })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

async function tellRecipient(
  { hooks, evidence }: Telling,
  o: {
    readonly erasureId: string;
    readonly recipient: string;
    readonly principals: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<string> {
  const url = hooks.get(o.recipient);
  if (url === undefined) return 'no way to tell';
  const notice = { erasure_id: o.erasureId, recipient: o.recipient, principal_ids: o.principals };
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/jose', 'idempotency-key': o.erasureId },
    body: await evidence.sign(NOTICE_TYPE, notice),
    redirect: 'error',
    signal: AbortSignal.any([o.signal, AbortSignal.timeout(HOOK_LIMIT_MS)]),
  });
  await response.body?.cancel();
  if (response.ok) return 'told';
  if (response.status >= 500) throw new Error(`recipient ${o.recipient} answers ${response.status}`);
  return `refused: ${response.status}`;
}

/** The same UUID (version 8, RFC 9562) for the same parts: a repeat is known by it. */
function stableId(...parts: readonly string[]): string {
  const bytes = createHash('sha256').update(parts.join('/')).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
