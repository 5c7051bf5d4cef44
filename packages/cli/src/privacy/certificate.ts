import { writeFile } from 'node:fs/promises';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { ConsentService } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { z } from 'zod';
import type { RunContext } from '../main.ts';
import { atGateway, openPrivacy } from './erase.ts';
import { keptErasure } from './kept-erasures.ts';

const CERTIFICATE_TYPE = 'irisvue-erasure-certificate+jws';
const Certificate = z.object({
  erasure_id: z.string(),
  completed_at: z.string(),
  objects: z.array(z.object({ service: z.string(), kind: z.string(), sha256: z.string() })),
  joint_works: z.array(z.object({ artwork_id: z.string(), outcome: z.string(), told: z.number() })),
  recipients: z.array(z.object({ recipient: z.string(), outcome: z.string() })),
  looked_at: z.array(z.string()),
});

/**
 * Verifies a certificate by public keys alone: no server is asked.
 * @throws Error when it is no certificate, or is not signed by one of the keys.
 */
export async function readCertificate(jws: string, keys: JSONWebKeySet): Promise<z.infer<typeof Certificate>> {
  const { payload, protectedHeader } = await compactVerify(jws.trim(), createLocalJWKSet(keys), {
    algorithms: ['EdDSA'],
  }).catch((cause: unknown) => {
    throw new Error('the certificate is not signed by one of these keys', { cause });
  });
  if (protectedHeader.typ !== CERTIFICATE_TYPE) throw new Error('this is no certificate of an erasure');
  return Certificate.parse(JSON.parse(Buffer.from(payload).toString()));
}

/** Fetches and verifies the certificate of an erasure of this home; writes it and the public keys if files are named. */
export async function showCertificate(
  run: RunContext,
  id: string | undefined,
  files: { readonly out?: string; readonly keys?: string },
): Promise<void> {
  const { erasureId, accessToken } = await keptErasure(run.settings.home, id);
  await atGateway(run, async (gatewayUrl) => {
    const { certificate } = await openPrivacy(gatewayUrl).getErasureCertificate({ erasureId, accessToken });
    const consent = createClient(ConsentService, createConnectTransport({ baseUrl: gatewayUrl, httpVersion: '1.1' }));
    const { jwks } = await consent.listReceiptKeys({});
    const said = await readCertificate(certificate, JSON.parse(jwks) as JSONWebKeySet);
    if (files.out !== undefined) await writeFile(files.out, `${certificate}\n`);
    if (files.keys !== undefined) await writeFile(files.keys, `${jwks}\n`);
    console.log(`Certificate of erasure ${said.erasure_id}, completed ${said.completed_at}; its signature is good.`);
    for (const { service, kind, sha256 } of said.objects) console.log(`  ${service}  ${kind}  sha256 ${sha256}`);
    for (const work of said.joint_works) {
      console.log(`  joint work ${work.artwork_id} ${work.outcome}, ${work.told} others told`);
    }
    for (const { recipient, outcome } of said.recipients) console.log(`  recipient ${recipient}: ${outcome}`);
    console.log(`  ${said.objects.length} objects; nothing was found in ${said.looked_at.length} places`);
  });
}
