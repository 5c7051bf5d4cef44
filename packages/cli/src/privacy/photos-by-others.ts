import { createClient } from '@connectrpc/connect';
import { PhotoService, UploadStatus } from '@irisvue/contracts/irisvue/jobs/v1/photo_service';
import { v7 as uuidv7 } from 'uuid';
import { minuteOf } from '../circle/minute.ts';
import { confirm } from '../confirm.ts';
import type { RunContext } from '../main.ts';
import { signedIn } from '../signed-in.ts';

const pageSize = 100;

/** Lists the photos of the account holder's eyes that others uploaded, or deletes one of them after asking. */
export function photosByOthers(
  run: RunContext,
  flags: { readonly delete?: string; readonly yes?: boolean },
): Promise<void> {
  const { signal } = run;
  return signedIn(run, async (account) => {
    const photos = createClient(PhotoService, account.transport);
    if (flags.delete !== undefined) {
      const question = `Photo ${flags.delete} and all that was made of it will be gone, for its uploader, too.`;
      if (!(await confirm(question, { yes: flags.yes ?? false, signal }))) return;
      await photos.deletePhoto({ requestId: uuidv7(), photoId: flags.delete }, { signal });
      console.log('Deleted.');
      return;
    }
    let shown = 0;
    let pageToken = '';
    do {
      const page = await photos.listPhotos({ ofCaller: true, pageSize, pageToken }, { signal });
      for (const photo of page.photos) {
        const state = photo.uploadStatus === UploadStatus.UPLOADED ? 'uploaded' : 'announced';
        console.log(`${photo.id}  ${state} by ${photo.uploaderId}  ${minuteOf(photo.createTime)}`);
      }
      shown += page.photos.length;
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    if (shown === 0) console.log('Nobody else uploaded a photo of your eyes.');
    else console.log('Delete one with --delete ID; stop an uploader with: irisvue consent stop-uploader ID');
  });
}
