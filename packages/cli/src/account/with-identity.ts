import type { Client } from '@connectrpc/connect';
import { createClient } from '@connectrpc/connect';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { type Account, identityClient } from '../account.ts';
import type { RunContext } from '../main.ts';
import { showMeshStart } from '../mesh-progress.ts';
import { signedIn } from '../signed-in.ts';
import { withGateway } from '../with-gateway.ts';
import { type LinkPage, mailedLink } from './mailed-link.ts';

export type Identity = Client<typeof IdentityService>;

/** Runs `work` with identity, for what needs no account. */
export async function withIdentity(run: RunContext, work: (identity: Identity) => Promise<void>): Promise<void> {
  const starting = showMeshStart();
  await withGateway(run.settings, run.signal, starting, async (gatewayUrl) => {
    starting.done();
    await work(identityClient(gatewayUrl));
  });
}

/** Runs `work` with identity as the account of this home. */
export async function asAccount(
  run: RunContext,
  work: (identity: Identity, account: Account) => Promise<void>,
): Promise<void> {
  await signedIn(run, (account) => work(createClient(IdentityService, account.transport), account));
}

/** Says where the link went that was just asked for; a mesh on this machine that has no mail server shows it. */
export async function sayMailed(
  run: RunContext,
  o: { readonly to: string; readonly page: LinkPage; readonly after: Date },
): Promise<void> {
  const link = run.settings.gatewayUrl === undefined ? await mailedLink(run.settings.home, o) : undefined;
  if (link === undefined) console.log(`If ${o.to} can have one, a mail with a link is on its way there.`);
  else console.log(`Mailed to ${o.to}: ${link}`);
  console.log(`Use the link with: irisvue account ${o.page} ${link ?? 'LINK'}`);
}
