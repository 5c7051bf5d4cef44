import { open, rename } from 'node:fs/promises';

/** Writes a file that only its owner may read. Whoever reads it sees the old or the new text, whole, also after a crash. */
export async function writeFileAtomically(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${process.pid}.new`;
  {
    await using file = await open(unfinished, 'w', 0o600);
    await file.writeFile(text);
    await file.sync();
  }
  await rename(unfinished, path);
}
