import { resolve } from 'node:path';
import { readRunningMesh } from './mesh-state.ts';
import { signalProcess } from './process-identity.ts';
import { MODEL_SERVICES } from './services.ts';

/**
 * Tells the services of the mesh in a home to load their models anew: each slot as soon as its call is done, so that no
 * job is disturbed. Returns the services that were told; none when no mesh runs here.
 */
export async function reloadModels(home: string): Promise<readonly string[]> {
  const state = await readRunningMesh(resolve(home));
  const told: string[] = [];
  for (const { name, identity } of state?.processes ?? []) {
    // One that is still starting does not know the signal yet: it ends and is started again, which serves as well.
    if (!identity || !MODEL_SERVICES.some((service) => name === service || name.startsWith(`${service}-`))) continue;
    await signalProcess(identity, 'SIGHUP');
    told.push(name);
  }
  return told;
}
