import path from 'node:path';
import { Writable } from 'node:stream';
import type { DescService } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { type Client, type ConnectRouter, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import {
  ConsentCheckService,
  ConsentPurpose,
  ConsentService,
  Jurisdiction,
  SubjectKind,
} from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { SubjectService } from '@irisvue/contracts/irisvue/consent/v1/subject_service';
import { type SendMailRequest, ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { type Database, migrate, newId, openDatabase } from '@irisvue/database';
import { createLogger, loadSettings, SERVICE_AUDIENCE, serve, TOKEN_ISSUER, USER_AUDIENCE } from '@irisvue/runtime';
import { jwksEndpoint, openSigningKeys, type SigningKeysTables, signingKeysTable } from '@irisvue/signing-keys';
import { createTestDatabase, temporaryFolder } from '@irisvue/testing';
import { inject } from 'vitest';
import { startApp } from '../src/app.ts';
import type { ConsentTables } from '../src/schema.ts';
import { consentSettings } from '../src/settings.ts';

const HOUR_MS = 3_600_000;
const MIGRATIONS = path.join(import.meta.dirname, '../migrations');
const silent = createLogger({ service: 'test', level: 'silent' });

/** Consent on a database of its own, with a clock that the test moves and tokens from an issuer like identity. */
export type StartedConsent = Awaited<ReturnType<typeof startConsent>>;

export async function startConsent(
  o: {
    readonly subjectKinds?: string;
    readonly now?: Date;
    readonly jobsUrl?: string;
    /** Mounts what identity serves besides. */
    readonly identityRoutes?: (router: ConnectRouter) => void;
  } = {},
) {
  const database = await createTestDatabase('consent', async (url) => {
    const db = openDatabase<ConsentTables>(url, { logger: silent });
    await migrate(db, MIGRATIONS);
    await db.destroy();
  });
  const folder = await temporaryFolder('exports');
  const storageUrl = `file://${folder.path}?endpoint=http://127.0.0.1:9&secret=secret%20of%20the%20object%20store`;
  const time = { now: o.now ?? new Date() };
  const clock = { now: () => time.now };
  const log: string[] = [];
  const logger = createLogger({ service: 'consent', level: 'trace' }, lines(log));
  const issuer = await startIssuer(clock, o.identityRoutes);
  const settings = loadSettings(consentSettings, {
    IRISVUE_ENV: 'test',
    IRISVUE_PORT: '0',
    IRISVUE_DATABASE_URL: database.url,
    IRISVUE_NATS_URL: inject('natsUrl'),
    IRISVUE_REDIS_URL: inject('redisUrl'),
    IRISVUE_JOBS_URL: o.jobsUrl,
    IRISVUE_STORAGE_URL: storageUrl,
    IRISVUE_PUBLIC_URL: 'https://gateway.example',
    IRISVUE_IDENTITY_URL: issuer.url,
    IRISVUE_SERVICE_SECRET: 'a secret of the consent service',
    IRISVUE_KEY_SECRET: 'key secret of the tests, 32 characters at least',
    IRISVUE_SUBJECT_KINDS: o.subjectKinds,
    IRISVUE_OPERATOR_NAME: 'Iris Atelier Ltd',
    IRISVUE_OPERATOR_ADDRESS: '1 Example Road, Dublin',
    IRISVUE_OPERATOR_CONTACT: 'privacy@atelier.example',
    IRISVUE_STORAGE_LOCATIONS: 'Dublin, Ireland',
    IRISVUE_RECIPIENTS: 'whatsapp=Messages Ltd, Dublin; printer=Print Works, Cork',
  });
  const server = await startApp(settings, { clock, logger, auditConsumer: `consent-audit-${newId()}` });
  const db: Database<ConsentTables> = openDatabase(database.url, { logger });

  const client = <S extends DescService>(service: S, token?: string, headers: Record<string, string> = {}): Client<S> =>
    createClient(
      service,
      createConnectTransport({
        baseUrl: server.url,
        httpVersion: '1.1',
        interceptors: [
          (next) => (request) => {
            if (token !== undefined) request.header.set('Authorization', `Bearer ${token}`);
            for (const [name, value] of Object.entries(headers)) request.header.set(name, value);
            return next(request);
          },
        ],
      }),
    );
  const userToken = (userId: string) =>
    issuer.sign({ audience: USER_AUDIENCE, subject: userId, claims: { sid: newId() }, lifetimeMs: HOUR_MS });
  const serviceToken = (service: string) =>
    issuer.sign({ audience: SERVICE_AUDIENCE, subject: `service:${service}`, lifetimeMs: HOUR_MS });

  return {
    url: server.url,
    db,
    /** URL of the object store, whose presigned requests lead nowhere. */
    storageUrl,
    log,
    logger,
    clock,
    pass(ms: number) {
      time.now = new Date(time.now.getTime() + ms);
    },
    userToken,
    serviceToken,
    /** Signs whatever with the key that consent trusts. */
    sign: issuer.sign,
    unverify: issuer.unverify,
    /** What identity was asked to mail. */
    mails: issuer.mails,
    publicApi: (token?: string, headers?: Record<string, string>) => client(ConsentService, token, headers),
    subjects: (token?: string) => client(SubjectService, token),
    checks: (token?: string) => client(ConsentCheckService, token),
    /** A new user with the calls that a client makes. */
    async user(headers?: Record<string, string>) {
      const id = newId();
      const token = await userToken(id);
      const api = client(ConsentService, token, headers);
      const subject = { id, kind: SubjectKind.SELF };
      return {
        id,
        subject,
        api,
        subjects: client(SubjectService, token, headers),
        /** Looks at the notice and grants. */
        async grant(
          over: {
            purpose?: ConsentPurpose;
            jurisdiction?: Jurisdiction;
            kind?: SubjectKind;
            requestId?: string;
            recipients?: string[];
            subject?: { id: string; kind: SubjectKind };
          } = {},
        ) {
          const purpose = over.purpose ?? ConsentPurpose.DATA_PROCESSING;
          const jurisdiction = over.jurisdiction ?? Jurisdiction.GENERIC;
          const recipients = over.recipients ?? [];
          const { notice } = await api.getNotice({ purpose, jurisdiction, language: 'en', recipients });
          const request = {
            requestId: over.requestId ?? newId(),
            subject: over.subject ?? { id, kind: over.kind ?? SubjectKind.SELF },
            purpose,
            jurisdiction,
            noticeId: notice!.id,
            noticeSha256: notice!.sha256,
            fullAge: true,
            signature: notice!.signatureRequired ? 'Alex Example' : '',
            recipients,
          };
          return (await api.grantConsent(request)).consent!;
        },
        async withdraw(over: { purpose?: ConsentPurpose; kind?: SubjectKind; requestId?: string } = {}) {
          const request = {
            requestId: over.requestId ?? newId(),
            subject: { id, kind: over.kind ?? SubjectKind.SELF },
            purpose: over.purpose ?? ConsentPurpose.DATA_PROCESSING,
          };
          return (await api.withdrawConsent(request)).consent!;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await db.destroy();
      await issuer[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Identity as its contract has it: signs tokens, serves its key set, tells whether an account is verified. */
export async function startIssuer(clock: { now(): Date }, more: (router: ConnectRouter) => void = () => undefined) {
  const database = await createTestDatabase('issuer', async (url) => {
    const db = openDatabase<SigningKeysTables>(url, { logger: silent });
    await signingKeysTable(db);
    await db.destroy();
  });
  const db = openDatabase<SigningKeysTables>(database.url, { logger: silent });
  const keys = await openSigningKeys({
    db,
    service: 'issuer',
    secret: 'issuer',
    clock,
    logger: silent,
    longestTokenMs: HOUR_MS,
  });
  const sign = async (token: Omit<Parameters<typeof keys.sign>[0], 'issuer'>) =>
    (await keys.sign({ issuer: TOKEN_ISSUER, ...token })).token;
  const unverified = new Set<string>();
  const mails: SendMailRequest[] = [];
  const server = await serve({
    name: 'identity',
    host: '127.0.0.1',
    port: 0,
    logger: silent,
    readiness: {},
    http: jwksEndpoint(keys, silent),
    routes: (router) => {
      router.service(ServiceIdentityService, {
        createServiceToken: async ({ service }) => ({
          token: await sign({ audience: SERVICE_AUDIENCE, subject: `service:${service}`, lifetimeMs: HOUR_MS }),
          expireTime: timestampFromDate(new Date(clock.now().getTime() + HOUR_MS)),
        }),
        sendMail: (mail) => {
          mails.push(mail);
          return { mailId: mail.requestId };
        },
        getUserState: ({ userId }) => ({
          active: true,
          verified: !unverified.has(userId),
          maskedEmail: 'a•••@example.org',
        }),
      });
      more(router);
    },
  });
  return {
    url: server.url,
    mails,
    /** Makes an account one whose e-mail is not verified. */
    unverify: (userId: string) => unverified.add(userId),
    sign,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await db.destroy();
      await database[Symbol.asyncDispose]();
    },
  };
}

function lines(into: string[]): Writable {
  return new Writable({
    write(chunk, _, done) {
      into.push(String(chunk));
      done();
    },
  });
}
