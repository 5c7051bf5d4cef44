import { type Account, signIn } from './account.ts';
import type { RunContext } from './main.ts';
import { showMeshStart } from './mesh-progress.ts';
import { withGateway } from './with-gateway.ts';

/** Runs `work` as the signed-in account of this home, against the mesh that withGateway finds or starts. */
export async function signedIn(run: RunContext, work: (account: Account) => Promise<void>): Promise<void> {
  const { settings } = run;
  const starting = showMeshStart();
  await withGateway(settings, run.signal, starting, async (gatewayUrl) => {
    starting.done();
    await work(await signIn(gatewayUrl, settings.home));
  });
}
