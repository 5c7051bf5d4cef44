import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from 'jose';
import { type ConsentRecord, consentRecord } from './consent-record.ts';

/** `typ` in the header of a receipt: no other document or token has it. */
export const RECEIPT_TYPE = 'consent-receipt';

/** A receipt that is not one: forged, changed, of another kind, or signed by a key that is not in the set. */
export class ReceiptInvalid extends Error {
  constructor(problem: string, cause?: unknown) {
    super(`the receipt is not valid: ${problem}`, { cause });
    this.name = 'ReceiptInvalid';
  }
}

/**
 * Verifies a receipt, a JWS in compact form (RFC 7515) with EdDSA (RFC 8037), by the public keys alone: no server is
 * asked. Gives its record. Throws ReceiptInvalid.
 */
export async function verifyReceipt(jws: string, keys: JSONWebKeySet): Promise<ConsentRecord> {
  const { payload, protectedHeader } = await compactVerify(jws.trim(), createLocalJWKSet(keys), {
    algorithms: ['EdDSA'],
  }).catch((error: unknown) => {
    if (error instanceof errors.JOSEError) throw new ReceiptInvalid(problemOf(error), error);
    throw error;
  });
  if (protectedHeader.typ !== RECEIPT_TYPE) throw new ReceiptInvalid(`it is a ${protectedHeader.typ ?? 'document'}`);
  const parsed = consentRecord.safeParse(jsonOf(payload));
  if (!parsed.success) throw new ReceiptInvalid('its record is not well-formed', parsed.error);
  return parsed.data;
}

function problemOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWKSNoMatchingKey) return 'no key of the set signed it';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature does not fit';
  return 'it is no signed document';
}

function jsonOf(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined; // which is no record, and is said so
  }
}
