import { ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { SubjectDataService } from '@irisvue/contracts/irisvue/privacy/v1/subject_data_service';
import { openDatabase } from '@irisvue/database';
import { connectEvents, relayOutbox } from '@irisvue/events';
import { createLogger, createServiceClient, systemClock } from '@irisvue/runtime';
import { openSigningKeys } from '@irisvue/signing-keys';
import { openStore } from '@irisvue/storage';
import { openAudit } from '../../src/audit/open-audit.ts';
import { createEvidence } from '../../src/evidence.ts';
import { keepErasing } from '../../src/privacy/erasing.ts';
import { eraserOf } from '../../src/privacy/open-privacy.ts';
import { openRedisKeys } from '../../src/privacy/redis-keys.ts';
import type { ConsentTables } from '../../src/schema.ts';

// A worker on erasures, to be killed: what consent runs beside its calls.
const [databaseUrl = '', natsUrl = '', redisUrl = '', holderUrl = '', auditConsumer = '', storeUrl = ''] =
  process.argv.slice(2);
const LEASE_MS = 300;
const logger = createLogger({ service: 'erasing', level: 'warn' });
const clock = systemClock;
const { signal } = new AbortController();
const db = openDatabase<ConsentTables>(databaseUrl, { logger });
const bus = await connectEvents({ url: natsUrl, name: 'erasing', logger });
const keys = await openSigningKeys({
  db: db.$pickTables<'signing_keys'>(),
  service: 'consent',
  secret: 'key secret of the tests, 32 characters at least',
  clock,
  logger,
  longestTokenMs: 60_000,
});
const evidence = createEvidence({ db, keys });
const eraser = eraserOf({
  db,
  bus,
  evidence,
  identity: createServiceClient(ServiceIdentityService, { url: holderUrl }),
  holders: { jobs: createServiceClient(SubjectDataService, { url: holderUrl }) },
  cache: openRedisKeys({ url: redisUrl, logger }),
  hooks: new Map(),
  store: await openStore(storeUrl),
  receipts: { of: () => Promise.reject(new Error('nothing is exported')), keySet: evidence.keySet },
  auditConsumer,
  clock,
});
process.send?.('up');
await Promise.all([
  relayOutbox({ db, databaseUrl, bus, logger, signal }),
  openAudit({ db, bus, consumer: auditConsumer, evidence, clock, logger, signal }).done,
  keepErasing({ ...eraser, leaseMs: LEASE_MS, databaseUrl, logger, signal }),
]);
