import type { Client, ConnectRouter } from '@connectrpc/connect';
import type { ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { PrivacyService } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import type { SubjectDataService } from '@irisvue/contracts/irisvue/privacy/v1/subject_data_service';
import type { Database } from '@irisvue/database';
import type { EventBus } from '@irisvue/events';
import type { Clock, Logger } from '@irisvue/runtime';
import type { Evidence } from '../evidence.ts';
import type { ConsentTables } from '../schema.ts';
import { accessTokens } from './access-token.ts';
import type { Eraser } from './erase-everywhere.ts';
import { keepErasing } from './erasing.ts';
import { createErasures } from './erasures.ts';
import { keepForgetting } from './forgetting.ts';
import { ownParty } from './own-data.ts';
import { remoteParty } from './parties.ts';
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
  /** What the access tokens of erasures are derived from. */
  readonly secret: string;
  readonly identity: Pick<Client<typeof ServiceIdentityService>, 'sendMail'>;
  /** The other services that hold data of people, by name. */
  readonly holders: Readonly<Record<string, Client<typeof SubjectDataService>>>;
  readonly cache: CacheKeys;
  readonly hooks: RecipientHooks;
  readonly auditConsumer: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Wires erasures and requests on consent's database: works until `signal` aborts, and gives what mounts the service. */
export function openPrivacy(o: PrivacyOptions): {
  readonly routes: (router: ConnectRouter) => void;
  readonly done: Promise<unknown>;
} {
  const db = o.db as unknown as PrivacyDb;
  const { clock, logger, signal } = o;
  const eraser = eraserOf(o);
  const tokens = accessTokens(o.secret);
  const requests = createPrivacyRequests({ db, clock });
  const service = privacyService({
    db,
    erasures: createErasures({ db, tokens, clock }),
    requests,
    tokens,
    scan: (subject, callSignal) => scanEverywhere(eraser, [subject], callSignal),
    clock,
  });
  return {
    routes: (router) => router.service(PrivacyService, service),
    done: Promise.all([
      keepErasing({ ...eraser, databaseUrl: o.databaseUrl, logger, signal }),
      keepForgetting({ requests, logger, signal }),
    ]),
  };
}

/** What an erasure works with: consent itself, whose withdrawals stop the others' work, comes first. */
export function eraserOf(o: Omit<PrivacyOptions, 'secret' | 'databaseUrl' | 'logger' | 'signal'>): Eraser {
  const db = o.db as unknown as PrivacyDb;
  const others = Object.entries(o.holders).map(([name, client]) => remoteParty(name, client));
  return {
    db,
    parties: [ownParty({ db, clock: o.clock }), ...others],
    bus: o.bus,
    cache: o.cache,
    telling: { identity: o.identity, hooks: o.hooks },
    auditConsumer: o.auditConsumer,
    evidence: o.evidence,
    clock: o.clock,
  };
}
