import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { newId, openDatabase } from '@irisvue/database';
import { createLogger } from '@irisvue/runtime';
import { expect, inject, test } from 'vitest';
import type { IdentityTables } from '../src/schema.ts';
import { startInbox } from './inbox.ts';
import { environment, identityDatabase, PASSWORD } from './started-identity.ts';

const MAIN = path.join(import.meta.dirname, '../src/main.ts');
const KILLS = 2;
const PEOPLE_PER_LIFE = 6;
// Each life starts a process of its own.
const LIMIT_MS = 180_000;

/** Identity as a process, which a test may kill. */
async function startProcess(
  env: Record<string, string>,
): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const log = createInterface({ input: child.stdout });
  const port = await new Promise<number>((resolve, reject) => {
    log.on('line', (text) => {
      const line = JSON.parse(text) as { readonly msg: string; readonly port: number };
      if (line.msg === 'listening') resolve(line.port);
    });
    child.on('exit', () => reject(new Error('identity ended')));
  });
  return { child, url: `http://127.0.0.1:${port}` };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

test(
  'no mail is lost when identity is killed over its work again and again',
  async () => {
    await using database = await identityDatabase();
    await using inbox = await startInbox();
    const env = {
      ...environment({ databaseUrl: database.url, smtpUrl: inbox.url }),
      IRISVUE_NATS_URL: inject('natsUrl'),
    };
    const emails: string[] = [];
    for (let life = 0; life < KILLS; life++) {
      const { child, url } = await startProcess(env);
      const users = createClient(IdentityService, createConnectTransport({ baseUrl: url, httpVersion: '1.1' }));
      const people = Array.from({ length: PEOPLE_PER_LIFE }, () => `${newId()}@example.org`);
      await Promise.all(people.map((email) => users.createUser({ requestId: newId(), email, password: PASSWORD })));
      await kill(child);
      emails.push(...people);
    }
    const db = openDatabase<IdentityTables>(database.url, {
      logger: createLogger({ service: 'test', level: 'silent' }),
    });
    // What a killed worker had taken is leased for two minutes; they pass here.
    await db.updateTable('mails').set({ send_after: new Date() }).execute();
    const waiting = await db.selectFrom('mails').select('id').execute();
    expect(waiting.length + inbox.mails.length).toBeGreaterThanOrEqual(emails.length);

    const { child } = await startProcess(env);
    for (const email of emails) await inbox.take(email, /Verify/);
    await kill(child);
    // A mail that came twice came under one Message-ID.
    const idsOf = (email: string) =>
      new Set(inbox.mails.filter(({ to }) => to === email).map(({ raw }) => /^Message-ID: .*$/m.exec(raw)?.[0]));
    for (const email of emails) expect(idsOf(email).size).toBe(1);
    await db.destroy();
  },
  LIMIT_MS,
);
