import { DomainError, ErrorReason, type HttpRequest } from '@irisvue/runtime';

/** Bytes of a form at most: some fields of a few hundred letters. */
const MAX_FORM_BYTES = 16_384;
const FORM_TYPE = 'application/x-www-form-urlencoded';

/**
 * The fields of a form that a page posted. INVALID_FIELD {field: "form"} for another type, one that is too long, and one
 * that its sender broke off.
 */
export async function readForm(request: HttpRequest): Promise<URLSearchParams> {
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== FORM_TYPE) throw invalidForm(FORM_TYPE);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_FORM_BYTES) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw invalidForm('sent whole', error);
  }
  if (bytes > MAX_FORM_BYTES) throw invalidForm(`at most ${MAX_FORM_BYTES} bytes`);
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

function invalidForm(limit: string, cause?: unknown): DomainError {
  return new DomainError(ErrorReason.INVALID_FIELD, `the form must be ${limit}`, { field: 'form', limit }, { cause });
}
