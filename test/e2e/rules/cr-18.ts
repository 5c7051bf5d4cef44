import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { ConsentService, Jurisdiction } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { verifyReceipt } from '@irisvue/receipts';
import { expect, test } from 'vitest';
import { ended, submit } from '../person.ts';
import { BIOMETRIC_CAPTURE, consentingCitizen, grant, newCitizen, receiptKeys, upload } from './people.ts';
import { type DatabaseName, query, scene, tablesOf } from './scene.ts';

// An address of a network for documentation (RFC 5737) that occurs nowhere else.
const ADDRESS = '203.0.113.177';

/** The same person, seen by the gateway's proxy as somebody at ADDRESS. */
async function fromElsewhere(person: Awaited<ReturnType<typeof newCitizen>>) {
  const token = await person.accessToken();
  const transport = createConnectTransport({
    baseUrl: scene().mesh.gatewayUrl,
    httpVersion: '1.1',
    interceptors: [
      (next) => (request) => {
        request.header.set('authorization', `Bearer ${token}`);
        request.header.set('x-forwarded-for', ADDRESS);
        return next(request);
      },
    ],
  });
  return { ...person, consent: createClient(ConsentService, transport) };
}

test('CR-18: the law is that of the declared residence, and of an undeclared one the strictest of all', async () => {
  const person = await fromElsewhere(await newCitizen());
  const keys = await receiptKeys();
  const ruled = async (jurisdiction: Jurisdiction) => {
    const { notice, receipt } = await grant(person, BIOMETRIC_CAPTURE, { jurisdiction });
    const [processing] = (await verifyReceipt(receipt, keys)).processing;
    const { months_after_last_interaction: interaction, months_after_purpose: purpose } = processing!.retention_period;
    return {
      notice: notice.id,
      signed: notice.signatureRequired,
      basis: processing!.lawful_basis !== undefined,
      special: processing!.personal_data.every((each) => each.special_category === true),
      months: [interaction, purpose],
      california: notice.body.includes('Category collected: biometric information'),
    };
  };
  const lax = { signed: false, basis: false, special: false, california: false };
  const id = (law: string) => ({ notice: `${law}/biometric_capture/en` });
  const { GDPR, UK, BIPA, CUBI, WASHINGTON, CCPA, GENERIC, UNSPECIFIED } = Jurisdiction;
  // 36 months are the own schedule of the policy, also where the law sets none.
  const months = [36, undefined];
  const europe = { basis: true, special: true, months };
  expect(await ruled(GDPR)).toEqual({ ...lax, ...europe, ...id('gdpr') });
  expect(await ruled(UK)).toEqual({ ...lax, ...europe, ...id('uk') });
  expect(await ruled(BIPA)).toEqual({ ...lax, signed: true, months, ...id('bipa') });
  expect(await ruled(CUBI)).toEqual({ ...lax, months: [36, 12], ...id('cubi') });
  expect(await ruled(WASHINGTON)).toEqual({ ...lax, months, ...id('washington') });
  expect(await ruled(CCPA)).toEqual({ ...lax, california: true, months, ...id('ccpa') });
  expect(await ruled(GENERIC)).toEqual({ ...lax, months, ...id('generic') });
  const strictest = { signed: true, basis: true, special: true, california: true, months: [36, 12] };
  expect(await ruled(UNSPECIFIED)).toEqual({ ...strictest, ...id('strictest') });
});

test('CR-18: the address of a choice lies in one table that can be emptied, and in no log, mail or stream', async () => {
  const person = await fromElsewhere(await newCitizen());
  const { consent } = await grant(person, BIOMETRIC_CAPTURE);
  const found: string[] = [];
  for (const database of ['identity', 'consent', 'jobs'] satisfies DatabaseName[]) {
    for (const table of await tablesOf(database)) {
      const rows = await query(
        database,
        `SELECT 1 FROM "${table}" AS rows WHERE position('${ADDRESS}' in rows::text) > 0`,
      );
      if (rows.length > 0) found.push(`${database}.${table}`);
    }
  }
  expect(found).toEqual(['consent.event_addresses']);
  const [kept] = await query('consent', `SELECT ip_address FROM event_addresses WHERE event_id = '${consent.id}'`);
  expect(kept).toEqual({ ip_address: ADDRESS });
  const { home } = scene().mesh;
  for (const folder of ['logs', 'nats', 'mail']) {
    for (const name of await readdir(join(home, folder), { recursive: true, withFileTypes: true })) {
      if (!name.isFile()) continue;
      const path = join(name.parentPath, name.name);
      expect((await readFile(path)).includes(ADDRESS), path).toBe(false);
    }
  }
});

test('CR-18: no process of the mesh opens a connection to anybody outside this machine, no library in it either', async () => {
  const { connections, outward, wayOut } = scene();
  const person = await consentingCitizen();
  const [job] = await ended(person, await submit(person, await upload(person, 1))); // loads and runs the models
  expect(job!.status).toBe(JobStatus.COMPLETED);
  const hosts = new Set((await readFile(connections, 'utf8')).trim().split('\n'));
  expect(hosts.size).toBeGreaterThan(0);
  expect([...hosts].filter((host) => !/^(127\.0\.0\.1|localhost|::1|\/.*)$/.test(host))).toEqual([]);
  expect(outward.looks).toBeGreaterThan(0);
  expect([...outward.seen]).toEqual([]);
  expect(wayOut.connections).toBe(0);
});
