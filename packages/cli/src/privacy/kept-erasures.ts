import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { z } from 'zod';

/** What opens an erasure when its account is gone. */
const KeptErasure = z.object({
  erasureId: z.uuid(),
  accessToken: z.string().min(1),
  subject: z.object({ id: z.uuid(), kind: z.enum(SubjectKind) }),
});
export type KeptErasure = z.infer<typeof KeptErasure>;

const folderOf = (home: string): string => join(home, 'erasures');

/** Keeps an erasure in `home/erasures`, readable by its owner alone. @returns the file. */
export async function keepErasure(home: string, erasure: KeptErasure): Promise<string> {
  const file = join(folderOf(home), `${erasure.erasureId}.json`);
  await mkdir(folderOf(home), { recursive: true, mode: 0o700 });
  await writeFile(file, `${JSON.stringify(erasure, null, 2)}\n`, { mode: 0o600 });
  return file;
}

/**
 * The erasure with this id, or the latest one without an id.
 * @throws Error when none was kept.
 */
export async function keptErasure(home: string, id?: string): Promise<KeptErasure> {
  const files = (await readdir(folderOf(home)).catch(() => [])).filter((name) => name.endsWith('.json')).sort();
  const name = id === undefined ? files.at(-1) : files.find((file) => file === `${id}.json`);
  if (name === undefined)
    throw new Error('there is no such erasure in this home: it was asked for elsewhere, or never');
  return KeptErasure.parse(JSON.parse(await readFile(join(folderOf(home), name), 'utf8')));
}
