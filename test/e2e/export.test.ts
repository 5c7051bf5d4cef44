import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { PrivacyRequestKind } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import { verifyReceipt } from '@irisvue/receipts';
import { startTestMesh, type TestMesh, temporaryFolder, unzipped } from '@irisvue/testing';
import { chromium } from 'playwright-core';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ended, eyeJpeg, submit } from './person.ts';
import { type Canary, needlesOf, newCanary, withCanary } from './scenes/canary.ts';
import { type Citizen, compose, newCitizen, permit, uploadOf } from './scenes/citizen.ts';

const run = promisify(execFile);
const main = join(import.meta.dirname, '../../packages/cli/src/main.ts');
const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

let mesh: TestMesh;
let person: Citizen;
let other: Citizen;
let archive: Buffer;
let files: Map<string, Buffer>;
const own = newCanary();
const foreign = newCanary();
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  mesh = stack.use(await startTestMesh());
  person = stack.use(await newCitizen(mesh));
  other = stack.use(await newCitizen(mesh, foreign.text));
  const ownPhoto = await uploaded(person, own, 41);
  const otherPhoto = await uploaded(other, foreign, 42);
  await permit(other, otherPhoto, person);
  await permit(person, ownPhoto, other);
  const together = await compose(person, [ownPhoto, otherPhoto]);
  const theirs = await compose(other, [otherPhoto, ownPhoto]);
  await Promise.all([ended(person, [together.jobId]), ended(other, [theirs.jobId])]);

  const out = join(stack.use(await temporaryFolder('export')).path, 'export.zip');
  const said = await command(person, 'export', '--out', out, '--language', 'de');
  archive = await readFile(out);
  expect(said).toContain(`sha256 ${sha256(archive)}`);
  files = await unzipped(archive);
}, 240_000);
afterAll(() => stack.disposeAsync());

async function uploaded(citizen: Citizen, canary: Canary, seed: number): Promise<string> {
  const photoId = await uploadOf(citizen, withCanary(await eyeJpeg(seed, 320, 240), canary, seed));
  await ended(citizen, await submit(citizen, photoId));
  return photoId;
}

async function command({ home }: Citizen, ...args: string[]): Promise<string> {
  const env = { ...process.env, IRISVUE_HOME: home, IRISVUE_GATEWAY_URL: mesh.gatewayUrl };
  return (await run(process.execPath, [main, 'privacy', ...args], { env })).stdout;
}

/** Files in which one of the canary's forms stands, with the form. */
function found(canary: Canary): string[] {
  const needles = [...needlesOf('text', canary.text), ...needlesOf('bytes', canary.bytes)];
  return [['the archive itself', archive] as const, ...files].flatMap(([path, bytes]) =>
    needles.filter((needle) => bytes.includes(needle.bytes)).map((needle) => `${path}: ${needle.name}`),
  );
}

test('CR-11 the command brings the real bytes, and nothing of the other person in two joint works', async () => {
  const photo = [...files.keys()].find((path) => /^photos\/.*\.jpg$/.test(path))!;
  expect(found(own)).toEqual(expect.arrayContaining([`${photo}: text`, `${photo}: bytes`]));
  expect(found(foreign)).toEqual([]);
  for (const text of [other.account.userId, other.account.email]) {
    for (const [path, bytes] of files) expect(bytes.includes(text), path).toBe(false);
  }
  expect(JSON.parse(files.get('artworks/left-out-1.json')!.toString()).artworks).toHaveLength(2);
});

test('each file has the hash that the signed list says, and receipts verify without the mesh', async () => {
  const sums = files.get('SHA256SUMS')!.toString().trimEnd().split('\n');
  for (const line of sums) expect(sha256(files.get(line.slice(66))!), line).toBe(line.slice(0, 64));
  expect(sums).toHaveLength(files.size - 2);
  const keys = JSON.parse(files.get('consent/receipt-keys.json')!.toString()) as Parameters<typeof verifyReceipt>[1];
  const receipts = [...files].filter(([path]) => path.startsWith('consent/receipts/'));
  expect(receipts.length).toBeGreaterThan(2);
  for (const [, jws] of receipts) await verifyReceipt(jws.toString(), keys);
});

test.skipIf(chromiumPath === undefined)('the page shows every picture in a browser without a network', async () => {
  await using folder = await temporaryFolder('page');
  for (const [path, bytes] of files) {
    await mkdir(join(folder.path, dirname(path)), { recursive: true });
    await writeFile(join(folder.path, path), bytes);
  }
  const browser = await chromium.launch({ executablePath: chromiumPath!, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    const asked: string[] = [];
    const problems: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (message) => problems.push(message.text()));
    await page.goto(pathToFileURL(join(folder.path, 'index.html')).href);
    await page.evaluate('document.querySelectorAll("img").forEach((each) => { each.loading = "eager"; })');
    await page.waitForFunction('[...document.images].every((each) => each.complete)');
    const widths = (await page.evaluate('[...document.images].map((each) => each.naturalWidth)')) as number[];
    const pictures = [...files.keys()].filter((path) => /\.(jpg|png)$/.test(path));
    expect(pictures.length).toBeGreaterThan(2);
    expect(widths).toHaveLength(pictures.length);
    expect(Math.min(...widths)).toBeGreaterThan(0);
    expect(await page.evaluate('getComputedStyle(document.querySelector(".pictures")).display')).toBe('grid');
    expect(asked.filter((url) => !url.startsWith('file:'))).toEqual([]);
    expect(problems).toEqual([]);
  } finally {
    await browser.close();
  }
});

test('a link is a redirect for an hour, dead when it was revoked or the archive deleted', async () => {
  const { requests } = await person.privacy.listPrivacyRequests({});
  const exportId = requests.find(({ kind }) => kind === PrivacyRequestKind.EXPORT)!.id;
  const link = async () => (await person.privacy.getExport({ exportId })).export!.downloadUrl;
  const first = await link();
  const part = await fetch(first, { headers: { range: 'bytes=10-19' } });
  expect(part.status).toBe(206);
  expect(Buffer.from(await part.arrayBuffer())).toEqual(archive.subarray(10, 20));
  await person.privacy.revokeExportLinks({ requestId: uuidv7(), exportId });
  expect((await fetch(first)).status).toBe(410);
  const second = await link();
  expect(sha256(new Uint8Array(await (await fetch(second)).arrayBuffer()))).toBe(sha256(archive));
  expect(await command(person, 'delete-export')).toContain(exportId);
  expect((await fetch(second)).status).toBe(410);
  expect(await command(person, 'delete-export')).toContain('no archive is kept');
});
