import type { Clock } from '@irisvue/runtime';
import { createSignedLinks, type SignedLinks } from '@irisvue/signing-keys';
import { z } from 'zod';

const LinkClaims = z.object({
  resource: z.enum(['job', 'artwork']),
  id: z.uuid(),
  artifact: z.enum(['original', 'result', 'mask', 'thumbnail']),
  user: z.uuid(),
  epoch: z.int().min(0),
});

/** What a link points at, whom it was handed to, and the epoch of the row's links: a higher one there revokes it. */
export type LinkTarget = Readonly<z.infer<typeof LinkClaims>>;

/** Makes and reads download links: URLs at the gateway, worth nothing without ResolveDownload. */
export type Links = SignedLinks<LinkTarget>;

/** Links signed under `secret`, good for `lifetimeMs`. */
export function createLinks(o: {
  readonly secret: string;
  readonly publicUrl: string;
  readonly lifetimeMs: number;
  readonly clock: Clock;
}): Links {
  return createSignedLinks({
    key: new TextEncoder().encode(o.secret),
    audience: 'irisvue-download',
    claims: LinkClaims,
    prefix: `${o.publicUrl}/v1/downloads`,
    lifetimeMs: o.lifetimeMs,
    clock: o.clock,
  });
}
