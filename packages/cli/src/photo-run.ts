import { resolve } from 'node:path';
import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { type Account, signIn } from './account.ts';
import { ensureConsent } from './ask-consent.ts';
import { type SheetArtwork, writeContactSheet } from './contact-sheet.ts';
import { saveOutcomes } from './download.ts';
import { showMeshStart } from './mesh-progress.ts';
import { type PhotoOutcome, processPhotos } from './process-photos.ts';
import { openProgressBars, type ProgressBars } from './progress-bars.ts';
import { report } from './report.ts';
import type { CliSettings } from './settings.ts';
import type { PhotoSubject } from './upload.ts';
import { withGateway } from './with-gateway.ts';

/** Options that every command on photos has. */
export interface PhotoOptions {
  readonly out: string;
  readonly synthetic?: boolean;
  readonly evaluation?: boolean;
  /** Id of the adult whose eye it is, who permitted this account to upload. */
  readonly subject?: string;
  /** Id of the minor whose eye it is, whom this account represents. */
  readonly minor?: string;
}

/** Makes artworks of the processed photos. @returns what goes on the contact sheet. */
export type ArtworkStage = (o: {
  account: Account;
  outcomes: readonly PhotoOutcome[];
  dir: string;
  bars: ProgressBars;
}) => Promise<SheetArtwork[]>;

/**
 * The walk of every command on photos: mesh ▸ sign in ▸ consent ▸ upload, submit, watch ▸ download ▸ artworks ▸ sheet.
 * @returns the exit code.
 */
export async function runOnPhotos(
  settings: CliSettings,
  paths: readonly string[],
  options: PhotoOptions,
  signal: AbortSignal,
  artworks?: ArtworkStage,
): Promise<number> {
  const startedAt = performance.now();
  const subject = photoSubjectOf(options);
  const dir = resolve(options.out);
  const progress = showMeshStart();
  return await withGateway(settings, signal, progress, async (gatewayUrl) => {
    progress.done();
    const account = await signIn(gatewayUrl, settings.home);
    // Another's consent is not this account's to give here: the mesh tells when it is missing.
    if (subject.id === undefined) await ensureConsent(account, subject.kind, signal);
    const bars = openProgressBars();
    let outcomes: PhotoOutcome[];
    let made: SheetArtwork[] = [];
    try {
      outcomes = await processPhotos(account, paths, subject, bars, signal);
      await saveOutcomes(outcomes, dir, signal);
      if (artworks) made = await artworks({ account, outcomes, dir, bars });
    } finally {
      bars.stop();
    }
    return report(outcomes, await writeContactSheet(outcomes, made, dir), startedAt);
  });
}

/** The ids of photos that were processed. @throws Error naming the photos that were not: an artwork needs all of them. */
export function processedPhotoIds(outcomes: readonly PhotoOutcome[]): string[] {
  const missing = outcomes.filter((o) => o.end !== 'completed');
  if (missing.length > 0) {
    throw new Error(missing.map((o) => `${o.name} was ${o.end}: ${o.problem}`).join('\n'));
  }
  return outcomes.map((o) => o.photoId!);
}

function photoSubjectOf({ synthetic, evaluation, subject, minor }: PhotoOptions): PhotoSubject {
  if (synthetic && evaluation) throw new Error('--synthetic and --evaluation exclude each other');
  if (subject !== undefined) return { kind: SubjectKind.SELF, id: subject };
  if (minor !== undefined) return { kind: SubjectKind.MINOR, id: minor };
  if (synthetic) return { kind: SubjectKind.SYNTHETIC };
  return { kind: evaluation ? SubjectKind.EVALUATION : SubjectKind.SELF };
}
