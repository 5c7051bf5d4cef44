import { Role, ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { findMesh, loadSecrets, serviceSecret } from '@irisvue/embedded';
import { createServiceClient, serviceTokenSource, systemClock } from '@irisvue/runtime';
import type { RunContext } from '../main.ts';
import type { CliSettings } from '../settings.ts';

/** By this name identity knows whoever holds the master secret. */
const SERVICE = 'command';

/** Makes an account an operator's, or takes that away. It takes the master secret of the mesh. */
export async function setOperator(run: RunContext, email: string, given: { readonly revoke?: boolean }): Promise<void> {
  const { identityUrl, masterSecret } = await trustOf(run.settings);
  const identity = createServiceClient(ServiceIdentityService, {
    url: identityUrl,
    token: serviceTokenSource({
      identityUrl,
      service: SERVICE,
      secret: serviceSecret(masterSecret, SERVICE),
      clock: systemClock,
    }),
  });
  const { user } = await identity.setRole({ email, role: given.revoke ? Role.USER : Role.OPERATOR });
  const what = given.revoke ? 'is no operator any more' : 'is an operator';
  console.log(`${user?.email} ${what}. Its sessions have ended: sign in again.`);
}

/** Where identity is, and the master secret: as set, else those of the mesh on this machine. */
async function trustOf(settings: CliSettings): Promise<{ identityUrl: string; masterSecret: string }> {
  const { identityUrl, masterSecret, home } = settings;
  if (identityUrl && masterSecret) return { identityUrl, masterSecret };
  if (settings.gatewayUrl) {
    throw new Error('for a mesh elsewhere, set IRISVUE_IDENTITY_URL and IRISVUE_MASTER_SECRET, where both are known');
  }
  const mesh = await findMesh(home);
  const url = mesh?.processes.find(({ name }) => name === 'identity')?.url;
  if (url === undefined) throw new Error('no mesh runs here. Start one with: irisvue up --detach');
  return { identityUrl: url, masterSecret: (await loadSecrets(home)).master };
}
