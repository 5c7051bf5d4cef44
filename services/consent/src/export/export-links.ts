import { hkdfSync } from 'node:crypto';
import type { Clock } from '@irisvue/runtime';
import { createSignedLinks, type SignedLinks } from '@irisvue/signing-keys';
import { z } from 'zod';

const KEY_BYTES = 32;
const LIFETIME_MS = 3_600_000;

const LinkClaims = z.object({ export: z.uuid(), user: z.uuid(), epoch: z.int().min(0) });

/** The archive that a link is for, whom it was handed to, and the epoch of its links: a higher one in the row revokes it. */
export type ExportLink = Readonly<z.infer<typeof LinkClaims>>;

/** Makes and reads links to archives: URLs at the gateway, good for an hour. */
export type ExportLinks = SignedLinks<ExportLink>;

/** Links signed under a key made of `secret` (HKDF-SHA256, RFC 5869). */
export function createExportLinks(o: {
  readonly secret: string;
  readonly publicUrl: string;
  readonly clock: Clock;
}): ExportLinks {
  return createSignedLinks({
    key: new Uint8Array(hkdfSync('sha256', o.secret, '', 'irisvue/consent/exports/v1', KEY_BYTES)),
    audience: 'irisvue-export',
    claims: LinkClaims,
    prefix: `${o.publicUrl}/v1/exports`,
    lifetimeMs: LIFETIME_MS,
    clock: o.clock,
  });
}
