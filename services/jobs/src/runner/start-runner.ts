import { EnhancementService } from '@irisvue/contracts/irisvue/enhancement/v1/enhancement_service';
import { FusionService } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { SegmentationService } from '@irisvue/contracts/irisvue/segmentation/v1/segmentation_service';
import { VisionService } from '@irisvue/contracts/irisvue/vision/v1/vision_service';
import { createServiceClient, replicaClients } from '@irisvue/runtime';
import type { JobsSettings } from '../settings.ts';
import { type Runner, type RunnerOptions, startRunner } from './runner.ts';

/** A service that takes longer to tell its slots counts as down. */
const CAPABILITIES_TIMEOUT_MS = 2_000;

/** Starts the runner of this replica against the vision services that the settings name. */
export function startJobsRunner(
  settings: JobsSettings,
  o: Pick<RunnerOptions, 'db' | 'consent' | 'changes' | 'logger' | 'onDone'> & {
    readonly token: () => Promise<string>;
  },
): Runner {
  const { token } = o;
  const { segmentationUrl, enhancementUrl, fusionUrl } = settings;
  return startRunner({
    ...o,
    vision: {
      segmentation: createServiceClient(SegmentationService, { url: segmentationUrl, token }),
      enhancement: createServiceClient(EnhancementService, { url: enhancementUrl, token }),
      fusion: createServiceClient(FusionService, { url: fusionUrl, token }),
    },
    askSlots: {
      segmentation: slotsOf(segmentationUrl, token),
      enhancement: slotsOf(enhancementUrl, token),
      fusion: slotsOf(fusionUrl, token),
    },
    maxJobs: settings.runnerJobs,
    leaseMs: settings.leaseMs,
    claimPollMs: settings.claimPollMs,
    retryBaseMs: settings.retryDelayMs,
    limitsMs: { process: settings.processLimitMs, fuse: settings.fuseLimitMs, compose: settings.composeLimitMs },
  });
}

/** Slots of all replicas that answer, together. Rejects when none does. */
function slotsOf(url: string, token: () => Promise<string>) {
  const replicas = replicaClients(VisionService, { url, token, timeoutMs: CAPABILITIES_TIMEOUT_MS });
  return async (signal: AbortSignal) => {
    const answers = await Promise.allSettled((await replicas()).map((one) => one.getCapabilities({}, { signal })));
    const slots = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.slots] : []));
    if (slots.length === 0) throw new Error(`no replica of ${url} answers`, { cause: answers });
    return slots.reduce((sum, each) => sum + each, 0);
  };
}
