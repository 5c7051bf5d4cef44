import { openDatabase } from '@irisvue/database';
import { createLogger } from '@irisvue/runtime';
import { openStore } from '@irisvue/storage';
import { eraseSubject } from '../src/lineage/erase-subject.ts';
import { holderOf } from '../src/lineage/tombstones.ts';
import type { JobsDatabase } from '../src/schema.ts';

// A process of its own that erases a user, and tells its parent of each part that it erased: something to kill.
const [databaseUrl = '', storageUrl = '', userId = '', erasureId = ''] = process.argv.slice(2);
await using db = openDatabase<JobsDatabase>(databaseUrl, {
  logger: createLogger({ service: 'test', level: 'silent' }),
});
await using store = await openStore(storageUrl);
const never = new AbortController().signal;
for await (const { rows } of eraseSubject({ db, store, erasureId }, holderOf(userId), never)) {
  if (rows > 0) process.send!('erased');
}
process.send!('done');
process.disconnect();
