import { createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from './write-file-atomically.ts';

const SECRET_BYTES = 32;

/** Secrets of one mesh, hexadecimal, made once. */
export interface Secrets {
  /** Every service's own secret is derived from it; only identity knows it. */
  readonly master: string;
  /** Encrypts stored signing keys. */
  readonly key: string;
  /** Signs download links. */
  readonly link: string;
  /** Signs requests to the object store. */
  readonly objects: string;
  /** Encrypts what the S3 server of a mesh in containers holds. */
  readonly objectsKey: string;
  /** Password of the embedded PostgreSQL. */
  readonly postgres: string;
}

/** Reads HOME/secrets.json (only the owner may), making it on first use, and what a newer version added to it. */
export async function loadSecrets(home: string): Promise<Secrets> {
  const path = join(home, 'secrets.json');
  const kept = await readKept(path);
  const fresh = (): string => randomBytes(SECRET_BYTES).toString('hex');
  const secrets: Secrets = {
    master: kept.master ?? fresh(),
    key: kept.key ?? fresh(),
    link: kept.link ?? fresh(),
    objects: kept.objects ?? fresh(),
    objectsKey: kept.objectsKey ?? fresh(),
    postgres: kept.postgres ?? fresh(),
  };
  if (Object.keys(kept).length < Object.keys(secrets).length)
    await writeFileAtomically(path, `${JSON.stringify(secrets, null, 2)}\n`);
  return secrets;
}

async function readKept(path: string): Promise<Partial<Secrets>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Partial<Secrets>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new Error(`${path} cannot be read; without it the data of this mesh is lost`, { cause: error });
  }
}

/** The secret by which identity knows a service: HMAC-SHA256 of its name under the master secret, hexadecimal. */
export function serviceSecret(master: string, service: string): string {
  return createHmac('sha256', master).update(service).digest('hex');
}
