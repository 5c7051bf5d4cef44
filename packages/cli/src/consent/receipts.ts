import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@connectrpc/connect';
import { ConsentService } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { type ConsentRecord, verifyReceipt } from '@irisvue/receipts';
import { plainTransport } from '../account.ts';
import { minuteOf } from '../circle/minute.ts';
import type { RunContext } from '../main.ts';
import { showMeshStart } from '../mesh-progress.ts';
import { withGateway } from '../with-gateway.ts';
import { withConsent } from './consents.ts';

const pageSize = 250;

/** Lists the account's receipts; with `out`, saves each as OUT/ID.jws and their keys as OUT/keys.json. */
export function listReceipts(run: RunContext, out: string | undefined): Promise<void> {
  return withConsent(run, async (consent) => {
    if (out !== undefined) await mkdir(out, { recursive: true });
    const { jwks } = await consent.listReceiptKeys({}, { signal: run.signal });
    let pageToken = '';
    do {
      const page = await consent.listReceipts({ pageSize, pageToken }, { signal: run.signal });
      for (const { id, jws, createTime } of page.receipts) {
        const record = await verifyReceipt(jws, JSON.parse(jwks));
        console.log(`${id}  ${minuteOf(createTime)}  ${record.processing[0]?.purpose}  ${record.events.at(-1)?.state}`);
        if (out !== undefined) await writeFile(join(out, `${id}.jws`), `${jws}\n`);
      }
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    if (out === undefined) return;
    await writeFile(join(out, 'keys.json'), `${jwks}\n`);
    console.log(`Verify one without any server: irisvue consent verify-receipt FILE --keys ${join(out, 'keys.json')}`);
  });
}

/**
 * Verifies a receipt: with a file of keys by that alone, else by the keys that the mesh publishes.
 * @throws ReceiptInvalid when it is not one that these keys signed.
 */
export async function showVerified(run: RunContext, file: string, keyFile: string | undefined): Promise<void> {
  const jws = await readFile(file, 'utf8');
  const jwks = keyFile === undefined ? await publishedKeys(run) : await readFile(keyFile, 'utf8');
  const record = await verifyReceipt(jws, JSON.parse(jwks));
  console.log(`The receipt is genuine: ${summary(record)}\n`);
  console.log(JSON.stringify(record, null, 2));
}

/** Prints the retention policy in force; it needs no account. */
export function showPolicy(run: RunContext, language: string): Promise<void> {
  return openConsent(run, async (consent) => {
    const { policy } = await consent.getRetentionPolicy({ language }, { signal: run.signal });
    console.log(policy?.body.trim());
    console.log(`\nVersion ${policy?.version}, in force since ${minuteOf(policy?.inForceTime)} UTC`);
    console.log(`SHA-256 ${policy?.sha256}`);
  });
}

async function publishedKeys(run: RunContext): Promise<string> {
  let keys = '';
  await openConsent(run, async (consent) => {
    keys = (await consent.listReceiptKeys({}, { signal: run.signal })).jwks;
  });
  return keys;
}

function summary({ processing, events, header }: ConsentRecord): string {
  const last = events.at(-1);
  return `${processing[0]?.purpose} ${last?.state} at ${last?.time} by ${last?.entity} (principal ${header.principal_id})`;
}

/** Runs `work` with consent, for what needs no account. */
async function openConsent(
  run: RunContext,
  work: (consent: ReturnType<typeof consentClient>) => Promise<void>,
): Promise<void> {
  const starting = showMeshStart();
  await withGateway(run.settings, run.signal, starting, async (gatewayUrl) => {
    starting.done();
    await work(consentClient(gatewayUrl));
  });
}

function consentClient(gatewayUrl: string) {
  return createClient(ConsentService, plainTransport(gatewayUrl));
}
