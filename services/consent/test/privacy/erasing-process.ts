import { ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { SubjectDataService } from '@irisvue/contracts/irisvue/privacy/v1/subject_data_service';
import { openDatabase } from '@irisvue/database';
import { connectEvents } from '@irisvue/events';
import { createLogger, createServiceClient, systemClock } from '@irisvue/runtime';
import { openSigningKeys } from '@irisvue/signing-keys';
import { createEvidence } from '../../src/evidence.ts';
import { keepErasing } from '../../src/privacy/erasing.ts';
import { eraserOf } from '../../src/privacy/open-privacy.ts';
import { openRedisKeys } from '../../src/privacy/redis-keys.ts';
import type { ConsentTables } from '../../src/schema.ts';

// A worker on erasures alone, to be killed.
const [databaseUrl = '', natsUrl = '', redisUrl = '', holderUrl = ''] = process.argv.slice(2);
const logger = createLogger({ service: 'erasing', level: 'warn' });
const clock = systemClock;
const db = openDatabase<ConsentTables>(databaseUrl, { logger });
const keys = await openSigningKeys({
  db: db.$pickTables<'signing_keys'>(),
  service: 'consent',
  secret: 'key secret of the tests, 32 characters at least',
  clock,
  logger,
  longestTokenMs: 60_000,
});
const eraser = eraserOf({
  db,
  bus: await connectEvents({ url: natsUrl, name: 'erasing', logger }),
  evidence: createEvidence({ db, keys }),
  identity: createServiceClient(ServiceIdentityService, { url: holderUrl }),
  holders: { jobs: createServiceClient(SubjectDataService, { url: holderUrl }) },
  cache: openRedisKeys({ url: redisUrl, logger }),
  hooks: new Map(),
  clock,
});
process.send?.('up');
await keepErasing({ ...eraser, databaseUrl, logger, signal: new AbortController().signal });
