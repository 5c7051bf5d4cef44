import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchFrom } from './fetch-from.ts';
import type { RegistryFile } from './model-registry.ts';
import type { UrlRules } from './url-rules.ts';

/**
 * Writes one file of a registry into `folder` and forces it to the disk. `onBytes` hears how many came with each piece.
 * @throws Error when it is longer or shorter than the registry says, has another SHA-256, or cannot be fetched or
 * written. What was written by then stays, for the caller to remove.
 */
export async function pullFile(
  file: RegistryFile,
  folder: string,
  o: { readonly base: URL; readonly rules: UrlRules; readonly signal?: AbortSignal; onBytes(bytes: number): void },
): Promise<void> {
  const url = new URL(file.url, o.base);
  const hash = createHash('sha256');
  let size = 0;
  await using target = await open(join(folder, file.name), 'wx');
  for await (const chunk of fetchFrom(url, o.rules, o.signal)) {
    size += chunk.length;
    if (size > file.sizeBytes) throw new Error(`${url}: sends more than the ${file.sizeBytes} bytes of the registry`);
    hash.update(chunk);
    await target.writeFile(chunk).catch((cause: NodeJS.ErrnoException) => {
      throw new Error(whyNotWritten(cause, folder), { cause });
    });
    o.onBytes(chunk.length);
  }
  if (size < file.sizeBytes) throw new Error(`${url}: ended after ${size} of ${file.sizeBytes} bytes`);
  const sha256 = hash.digest('hex');
  if (sha256 !== file.sha256) throw new Error(`${url}: has sha256 ${sha256}, the registry says ${file.sha256}`);
  await target.sync();
}

function whyNotWritten({ code, message }: NodeJS.ErrnoException, folder: string): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return `no space is left in ${folder}`;
    case 'EFBIG':
      return `the file is larger than may be written in ${folder}`;
    default:
      return `${folder} cannot be written: ${message}`;
  }
}
