import { findMesh, startMesh } from '@irisvue/embedded';
import type { CliSettings } from './settings.ts';

/** How far the mesh has come, one line per process. */
export type StartProgress = (line: { name: string; state: string; detail?: string }) => void;

/**
 * Runs `work` against a gateway: the given one, else the mesh that runs in this home, else one that is started for
 * the occasion and stopped afterwards. What ran before keeps running.
 */
export async function withGateway<T>(
  settings: CliSettings,
  signal: AbortSignal,
  onProgress: StartProgress,
  work: (gatewayUrl: string) => Promise<T>,
): Promise<T> {
  if (settings.gatewayUrl) return work(settings.gatewayUrl);
  const running = await findMesh(settings.home);
  if (running) return work(running.gatewayUrl);
  await using mesh = await startMesh({
    home: settings.home,
    ports: settings.portBase ?? 'default',
    onProgress,
    signal,
  });
  return await work(mesh.gatewayUrl);
}
