import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { spoolBody } from '../src/spool-body.ts';

const names = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('irisvue-put-'));
const bytes = Buffer.alloc(300_000, 7);

it('gives a stream again from its start, as often as it is asked, and has no file that a crash would leave', async () => {
  const before = await names();
  await using spooled = await spoolBody(Readable.from([bytes.subarray(0, 100), bytes.subarray(100)]), {
    contentType: 'application/zip',
  });
  expect((await names()).filter((name) => !before.includes(name))).toEqual([]);
  for (let time = 0; time < 2; time += 1) {
    expect(Buffer.compare(await buffer(spooled.open() as Readable), bytes)).toBe(0);
  }
  expect(spooled.sizeBytes).toBe(bytes.length);
});
