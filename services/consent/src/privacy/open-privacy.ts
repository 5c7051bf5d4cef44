import type { Client, ConnectRouter } from '@connectrpc/connect';
import type { ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { ExportDownloadService } from '@irisvue/contracts/irisvue/privacy/v1/export';
import { PrivacyService } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import type { SubjectDataService } from '@irisvue/contracts/irisvue/privacy/v1/subject_data_service';
import type { Database } from '@irisvue/database';
import type { EventBus } from '@irisvue/events';
import type { Clock, Logger } from '@irisvue/runtime';
import type { ObjectStore } from '@irisvue/storage';
import type { Evidence } from '../evidence.ts';
import { createExportLinks } from '../export/export-links.ts';
import { exportDownloadService } from '../export/export-service.ts';
import { createExports } from '../export/exports.ts';
import { keepArchives } from '../export/keep-archives.ts';
import { keepPacking, type Packer } from '../export/pack-export.ts';
import type { ExportedReceipts } from '../export/receipt-items.ts';
import type { ConsentTables } from '../schema.ts';
import { accessTokens } from './access-token.ts';
import type { Eraser } from './erase-everywhere.ts';
import { keepErasing } from './erasing.ts';
import { createErasures } from './erasures.ts';
import { keepForgetting } from './forgetting.ts';
import { ownParty } from './own-data.ts';
import { type Party, remoteParty } from './parties.ts';
import { createPrivacyRequests } from './privacy-requests.ts';
import { privacyService } from './privacy-service.ts';
import type { CacheKeys } from './redis-keys.ts';
import { scanEverywhere } from './scan-everywhere.ts';
import type { PrivacyDb } from './schema.ts';
import type { RecipientHooks } from './tell-others.ts';

export interface PrivacyOptions {
  readonly db: Database<ConsentTables>;
  readonly databaseUrl: string;
  readonly bus: EventBus;
  readonly evidence: Evidence;
  /** What the access tokens of erasures and the links of exports are derived from. */
  readonly secret: string;
  readonly identity: Pick<Client<typeof ServiceIdentityService>, 'sendMail'>;
  /** The other services that hold data of people, by name. */
  readonly holders: Readonly<Record<string, Client<typeof SubjectDataService>>>;
  readonly cache: CacheKeys;
  readonly hooks: RecipientHooks;
  readonly store: ObjectStore;
  readonly receipts: ExportedReceipts;
  /** The gateway as clients see it. */
  readonly publicUrl: string;
  /** Days that archives are kept. */
  readonly exportDays: number;
  readonly auditConsumer: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

type HoldingOptions = Pick<PrivacyOptions, 'db' | 'store' | 'receipts' | 'holders' | 'clock'>;

/** Wires erasures, exports and requests on consent's database: works until `signal` aborts, and gives what mounts the service. */
export function openPrivacy(o: PrivacyOptions): {
  readonly routes: (router: ConnectRouter) => void;
  readonly done: Promise<unknown>;
} {
  const db = o.db as unknown as PrivacyDb;
  const { clock, logger, signal } = o;
  const eraser = eraserOf(o);
  const tokens = accessTokens(o.secret);
  const requests = createPrivacyRequests({ db, clock });
  const links = createExportLinks({ secret: o.secret, publicUrl: o.publicUrl, clock });
  const exports = createExports({ db, store: o.store, links, clock, logger });
  const service = privacyService({
    db,
    erasures: createErasures({ db, tokens, clock }),
    exports,
    requests,
    tokens,
    scan: (subject, callSignal) => scanEverywhere(eraser, [subject], callSignal),
    clock,
  });
  return {
    routes: (router) => {
      router.service(PrivacyService, service);
      router.service(ExportDownloadService, exportDownloadService(exports));
    },
    done: Promise.all([
      keepErasing({ ...eraser, databaseUrl: o.databaseUrl, logger, signal }),
      keepPacking({ ...packerOf(o), databaseUrl: o.databaseUrl, logger, signal }),
      keepForgetting({ requests, logger, signal }),
      keepArchives({ db, store: o.store, clock, logger, signal }),
    ]),
  };
}

/** What exports are packed with. */
export function packerOf(o: HoldingOptions & Pick<PrivacyOptions, 'evidence' | 'exportDays'>): Packer {
  const { store, evidence, exportDays: keptDays, clock } = o;
  return { db: o.db as unknown as PrivacyDb, store, parties: partiesOf(o), evidence, keptDays, clock };
}

/** What an erasure works with. */
export function eraserOf(
  o: HoldingOptions & Pick<PrivacyOptions, 'bus' | 'cache' | 'identity' | 'hooks' | 'auditConsumer' | 'evidence'>,
): Eraser {
  return {
    db: o.db as unknown as PrivacyDb,
    parties: partiesOf(o),
    bus: o.bus,
    cache: o.cache,
    telling: { identity: o.identity, hooks: o.hooks },
    auditConsumer: o.auditConsumer,
    evidence: o.evidence,
    clock: o.clock,
  };
}

/** Whoever holds data: consent itself, whose withdrawals stop the others' work, comes first. */
function partiesOf(o: HoldingOptions): Party[] {
  const db = o.db as unknown as PrivacyDb;
  const others = Object.entries(o.holders).map(([name, client]) => remoteParty(name, client));
  return [ownParty({ db, store: o.store, receipts: o.receipts, clock: o.clock }), ...others];
}
