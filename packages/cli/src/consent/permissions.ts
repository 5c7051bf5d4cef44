import type { ArtworkPermission } from '@irisvue/contracts/irisvue/consent/v1/artwork_permission';
import { v7 as uuidv7 } from 'uuid';
import { minuteOf } from '../circle/minute.ts';
import type { RunContext } from '../main.ts';
import { withConsent } from './consents.ts';
import { artworkKinds, permissionStates, wordOf } from './words.ts';

const pageSize = 250;
const msPerDay = 86_400_000;

/** What a permission is about. */
export interface ScopeFlags {
  readonly artwork?: string;
  readonly kind: keyof typeof artworkKinds;
  readonly circle?: string;
  readonly recipient?: string[];
}

export function listPermissions(run: RunContext): Promise<void> {
  return withConsent(run, async (consent, { userId }) => {
    let pageToken = '';
    let shown = 0;
    do {
      const page = await consent.listArtworkPermissions({ pageSize, pageToken }, { signal: run.signal });
      for (const permission of page.permissions) console.log(permissionLine(permission, userId));
      shown += page.permissions.length;
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    if (shown === 0) console.log('There are none yet.');
  });
}

export function askPermission(run: RunContext, ownerId: string, photoId: string, flags: ScopeFlags): Promise<void> {
  return withConsent(run, async (consent, { userId }) => {
    const request = { requestId: uuidv7(), ownerId, scope: scopeOf(photoId, flags), recipients: flags.recipient ?? [] };
    const { permission } = await consent.requestArtworkPermission(request, { signal: run.signal });
    if (permission) console.log(permissionLine(permission, userId));
  });
}

export function grantPermission(
  run: RunContext,
  creatorId: string,
  photoId: string,
  flags: ScopeFlags & { readonly days?: number },
): Promise<void> {
  return withConsent(run, async (consent, { userId }) => {
    const seconds = flags.days && BigInt(Math.floor((Date.now() + flags.days * msPerDay) / 1000));
    const expireTime = seconds ? { seconds } : undefined;
    const recipients = flags.recipient ?? [];
    const request = { requestId: uuidv7(), creatorId, ...scopeOf(photoId, flags), recipients, expireTime };
    const { permission } = await consent.grantArtworkPermission(request, { signal: run.signal });
    if (permission) console.log(permissionLine(permission, userId));
  });
}

export function denyPermission(run: RunContext, permissionId: string): Promise<void> {
  return withConsent(run, async (consent, { userId }) => {
    const request = { requestId: uuidv7(), permissionId };
    const { permission } = await consent.denyArtworkPermission(request, { signal: run.signal });
    if (permission) console.log(permissionLine(permission, userId));
  });
}

export function withdrawPermission(run: RunContext, creatorId: string, photoId: string): Promise<void> {
  return withConsent(run, async (consent) => {
    const request = { requestId: uuidv7(), creatorId, photoId };
    const { receipts } = await consent.withdrawArtworkPermission(request, { signal: run.signal });
    console.log(receipts.length === 0 ? 'There was none to take back.' : `Taken back: ${receipts.length}`);
  });
}

function scopeOf(photoId: string, { artwork, kind, circle }: ScopeFlags) {
  return { photoId, artworkId: artwork ?? '', purpose: artworkKinds[kind], circleId: circle ?? '' };
}

function permissionLine({ id, ownerId, creatorId, scope, state, ...row }: ArtworkPermission, userId: string): string {
  const name = (who: string) => (who === userId ? 'you' : who);
  const about = [
    scope?.photoId && `photo ${scope.photoId}`,
    scope?.artworkId && `artwork ${scope.artworkId}`,
    `kind ${wordOf(artworkKinds, scope?.purpose)}`,
    scope?.circleId && `circle ${scope.circleId}`,
    row.recipients.length > 0 && `to ${row.recipients.join(', ')}`,
    row.expireTime && `until ${minuteOf(row.expireTime)}`,
  ].filter(Boolean);
  return `${id}  ${wordOf(permissionStates, state)}  of ${name(ownerId)} for ${name(creatorId)}  ${about.join('  ')}`;
}
