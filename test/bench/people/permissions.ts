import { createClient } from '@connectrpc/connect';
import { ArtworkPurpose } from '@irisvue/contracts/irisvue/consent/v1/artwork_permission';
import {
  ConsentCheckService,
  ConsentPurpose,
  ConsentService,
  SubjectKind,
} from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { createServiceClient } from '@irisvue/runtime';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import type { Person } from '../../e2e/person.ts';
import { type Effort, type Rate, rates } from './rate.ts';

/** What the mesh asks consent before it touches anybody's iris; `select` is the same look at the database, bare. */
export interface PermissionFigures {
  readonly checkConsent: Rate;
  readonly checkDisclosure: Rate;
  readonly checkArtworkPermission: Rate;
  readonly select: Rate;
}

// The latest choice of one principal for one purpose, by the index that the service uses too.
const SELECT = {
  name: 'latest-choice',
  text: 'select state from consent_events where principal_id = $1 and purpose = $2 order by seq desc limit 1',
};

/** Where the checks are asked, and what only a service holds. */
export interface ConsentPlace {
  readonly consentUrl: string;
  readonly databaseUrl: string;
  /** A service token of jobs. */
  readonly token: () => Promise<string>;
}

/** Asks about `owner`, who has consented and permitted `creator` one photo: every answer is yes. */
export async function measurePermissions(
  { consentUrl, databaseUrl, token }: ConsentPlace,
  { owner, creator }: { readonly owner: Person; readonly creator: Person },
  effort: Effort,
): Promise<PermissionFigures> {
  const subject = { id: owner.account.userId, kind: SubjectKind.SYNTHETIC };
  const purpose = ConsentPurpose.DATA_PROCESSING;
  const photoId = uuidv7();
  const creatorId = creator.account.userId;
  await createClient(ConsentService, owner.account.transport).grantArtworkPermission({
    requestId: uuidv7(),
    photoId,
    creatorId,
  });

  const consent = createServiceClient(ConsentCheckService, { url: consentUrl, token });
  const pool = new pg.Pool({ connectionString: databaseUrl, max: effort.parallel });
  try {
    const { rows } = await pool.query(
      'select principal_id from principals where subject_id = $1 and subject_kind = $2',
      [subject.id, 'synthetic'],
    );
    const values = [rows[0].principal_id, 'data_processing'];
    const photos = [{ photoId, ownerId: owner.account.userId }];
    const use = { creatorId, photos, purpose: ArtworkPurpose.COMPOSITION };
    const calls = {
      checkConsent: async () => requireNone((await consent.checkConsent({ subjects: [subject], purpose })).pending),
      // A no, for no recipient was named: it takes the same look as a yes.
      checkDisclosure: async () => {
        requireOne((await consent.checkDisclosure({ subjects: [subject], recipient: 'nobody', purpose })).denied);
      },
      checkArtworkPermission: async () => requireNone((await consent.checkArtworkPermission(use)).pendingPhotoIds),
      select: async () => requireOne((await pool.query({ ...SELECT, values })).rows),
    };
    return await rates(calls, effort);
  } finally {
    await pool.end();
  }
}

function requireNone(found: readonly unknown[]): void {
  if (found.length > 0) throw new Error('a check that should say yes said no');
}

function requireOne(found: readonly unknown[]): void {
  if (found.length !== 1) throw new Error(`one was expected, ${found.length} were found`);
}
