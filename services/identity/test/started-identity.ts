import path from 'node:path';
import { Writable } from 'node:stream';
import type { DescService } from '@bufbuild/protobuf';
import { type Client, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { CircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { IdentityService, ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { type Database, migrate, newId, openDatabase } from '@irisvue/database';
import { createLogger, loadSettings } from '@irisvue/runtime';
import { createTestDatabase, type TestDatabase, until } from '@irisvue/testing';
import { startApp } from '../src/app.ts';
import type { IdentityTables } from '../src/schema.ts';
import { serviceSecret } from '../src/service-tokens.ts';
import { identitySettings } from '../src/settings.ts';
import { startInbox, tokenIn } from './inbox.ts';

export const MASTER_SECRET = 'master secret of the tests, 32 characters at least';
export const PASSWORD = 'correct horse battery';
const MIGRATIONS = path.join(import.meta.dirname, '../migrations');

/** A database with identity's schema. */
export function identityDatabase(): Promise<TestDatabase> {
  return createTestDatabase('identity', async (url) => {
    const db = openDatabase<IdentityTables>(url, { logger: createLogger({ service: 'test', level: 'silent' }) });
    await migrate(db, MIGRATIONS);
    await db.destroy();
  });
}

/** What identity is told in tests. */
export function environment(o: { readonly databaseUrl: string; readonly smtpUrl: string }): Record<string, string> {
  return {
    IRISVUE_ENV: 'test',
    IRISVUE_PORT: '0',
    IRISVUE_DATABASE_URL: o.databaseUrl,
    IRISVUE_MASTER_SECRET: MASTER_SECRET,
    IRISVUE_KEY_SECRET: 'key secret of the tests, 32 characters at least',
    IRISVUE_SMTP_URL: o.smtpUrl,
    IRISVUE_MAIL_POLL_SECONDS: '0.05',
  };
}

/** Identity on a database of its own, with a clock that the test moves. */
export type StartedIdentity = Awaited<ReturnType<typeof startIdentity>>;

export async function startIdentity(settings: Record<string, string> = {}) {
  const inbox = await startInbox();
  const database = await identityDatabase();
  const time = { now: new Date() };
  const log: string[] = [];
  const logger = createLogger({ service: 'identity', level: 'trace' }, lines(log));
  const start = (env: Record<string, string> = {}) => {
    const values = loadSettings(identitySettings, {
      ...environment({ databaseUrl: database.url, smtpUrl: inbox.url }),
      ...settings,
      ...env,
    });
    return startApp(values, { clock: { now: () => time.now }, logger });
  };
  const server = await start();
  const db: Database<IdentityTables> = openDatabase(database.url, { logger });
  const client = <S extends DescService>(service: S, token?: string, url = server.url): Client<S> =>
    createClient(
      service,
      createConnectTransport({
        baseUrl: url,
        httpVersion: '1.1',
        interceptors: [
          (next) => (request) => {
            if (token !== undefined) request.header.set('Authorization', `Bearer ${token}`);
            return next(request);
          },
        ],
      }),
    );
  return {
    url: server.url,
    db,
    log,
    inbox,
    /** Starts another replica on the same database. */
    start,
    pass(ms: number) {
      time.now = new Date(time.now.getTime() + ms);
    },
    now: () => time.now,
    users: (token?: string, url?: string) => client(IdentityService, token, url),
    circles: (token: string) => client(CircleService, token),
    services: (token?: string) => client(ServiceIdentityService, token),
    async signUp(email = `${newId()}@example.org`) {
      const answer = await client(IdentityService).createUser({ requestId: newId(), email, password: PASSWORD });
      return { email, user: answer.user!, tokens: answer.tokens! };
    },
    /** Signs up and opens the link of the mail. */
    async signUpVerified(email?: string) {
      const person = await this.signUp(email);
      const token = tokenIn(await inbox.take(person.email, /Verify/));
      await client(IdentityService).verifyEmail({ requestId: newId(), token });
      return person;
    },
    /** Waits until every mail is sent or given up. */
    async untilMailed() {
      const left = db.selectFrom('mails').select('id');
      await until(async () => (await left.execute()).length === 0, { what: 'that every mail is sent' });
    },
    async serviceToken(service: string) {
      const secret = serviceSecret(MASTER_SECRET, service);
      return (await client(ServiceIdentityService).createServiceToken({ service, secret })).token;
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await db.destroy();
      await database[Symbol.asyncDispose]();
      await inbox[Symbol.asyncDispose]();
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
