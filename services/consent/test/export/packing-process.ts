import { SubjectDataService } from '@irisvue/contracts/irisvue/privacy/v1/subject_data_service';
import { openDatabase } from '@irisvue/database';
import { createLogger, createServiceClient, systemClock } from '@irisvue/runtime';
import { openSigningKeys } from '@irisvue/signing-keys';
import { openStore } from '@irisvue/storage';
import { createEvidence } from '../../src/evidence.ts';
import { keepPacking } from '../../src/export/pack-export.ts';
import { packerOf } from '../../src/privacy/open-privacy.ts';
import type { ConsentTables } from '../../src/schema.ts';

// A worker on exports, to be killed or measured: what consent runs beside its calls. Answers each message with the most
// memory that it ever had resident, in bytes.
const [databaseUrl = '', holderUrl = '', storeUrl = ''] = process.argv.slice(2);
const LEASE_MS = 300;
const logger = createLogger({ service: 'packing', level: 'warn' });
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
const evidence = createEvidence({ db, keys });
const packer = packerOf({
  db,
  store: await openStore(storeUrl),
  evidence,
  receipts: { of: () => Promise.reject(new Error('there is no receipt')), keySet: evidence.keySet },
  holders: { jobs: createServiceClient(SubjectDataService, { url: holderUrl }) },
  exportDays: 7,
  clock,
});
const mostMemory = () => process.resourceUsage().maxRSS * 1024;
process.on('message', () => process.send?.(mostMemory()));
process.send?.(mostMemory());
await keepPacking({ ...packer, leaseMs: LEASE_MS, databaseUrl, logger, signal: new AbortController().signal });
