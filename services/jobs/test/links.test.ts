import { ErrorReason, errorDetail } from '@irisvue/runtime';
import { expect, test } from 'vitest';
import { createLinks, type LinkTarget } from '../src/links.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const HOUR_MS = 3_600_000;
const target: LinkTarget = {
  resource: 'job',
  id: '0199c3a1-0000-7000-8000-000000000001',
  artifact: 'result',
  user: '0199c3a1-0000-7000-8000-000000000002',
  epoch: 3,
};
const linksAt = (now: Date, secret = 'x'.repeat(32)) =>
  createLinks({ secret, publicUrl: 'https://irisvue.example', lifetimeMs: HOUR_MS, clock: { now: () => now } });
const tokenOf = (url: string) => url.split('/').at(-1)!;
const problemOf = async (read: Promise<unknown>) => {
  const detail = errorDetail(await read.catch((error: unknown) => error));
  expect(detail?.reason).toBe(ErrorReason.LINK_INVALID);
  return detail?.metadata['problem'];
};

test('a link points at the gateway and says what it is for', async () => {
  const links = linksAt(NOW);
  const url = await links.url(target);
  expect(url).toMatch(/^https:\/\/irisvue\.example\/v1\/downloads\/[\w-]+\.[\w-]+\.[\w-]+$/);
  expect(await links.read(tokenOf(url))).toEqual(target);
});

test('a link works for an hour', async () => {
  const token = tokenOf(await linksAt(NOW).url(target));
  const after = (ms: number) => linksAt(new Date(NOW.getTime() + ms)).read(token);
  await expect(after(HOUR_MS - 1_000)).resolves.toEqual(target);
  expect(await problemOf(after(HOUR_MS + 1_000))).toBe('expired');
});

test('a link that others signed, that was changed, or that is none, is forged', async () => {
  const links = linksAt(NOW);
  const [head, body, signature] = tokenOf(await links.url(target)).split('.');
  const changed = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body!, 'base64url').toString()), epoch: 4 }));
  const unsigned = Buffer.from('{"alg":"none"}').toString('base64url');
  const others = tokenOf(await linksAt(NOW, 'y'.repeat(32)).url(target));
  for (const token of [
    others,
    `${head}.${changed.toString('base64url')}.${signature}`,
    `${unsigned}.${body}.`,
    'nonsense',
  ]) {
    expect(await problemOf(links.read(token))).toBe('forged');
  }
});
