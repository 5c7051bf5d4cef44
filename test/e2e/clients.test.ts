import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import {
  ConsentCheckService,
  ConsentPurpose,
  SubjectKind,
} from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { serviceSecret } from '@irisvue/embedded';
import { createServiceClient } from '@irisvue/runtime';
import { startTestMesh } from '@irisvue/testing';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eyeJpeg, newPerson, type Person, submit, uploadBytes } from './person.ts';

const root = resolve(import.meta.dirname, '../..');
const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const run = promisify(execFile);

let mesh: Awaited<ReturnType<typeof startTestMesh>>;
let person: Person;
let pages: Server;
let pageOrigin: string;

beforeAll(async () => {
  pages = await servePage();
  pageOrigin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
  mesh = await startTestMesh({ env: { IRISVUE_ALLOWED_ORIGINS: pageOrigin } });
  person = await newPerson(mesh.gatewayUrl);
});
afterAll(async () => {
  pages?.close();
  await person?.[Symbol.asyncDispose]();
  await mesh?.[Symbol.asyncDispose]();
});

/** Serves the page of browser-page.ts, bundled. */
async function servePage(): Promise<Server> {
  const entryPoints = [join(import.meta.dirname, 'browser-page.ts')];
  const bundle = await build({ entryPoints, bundle: true, write: false, format: 'iife', target: 'es2022' });
  const server = createServer((request, response) => {
    const script = request.url === '/page.js';
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html');
    response.end(
      script ? bundle.outputFiles[0]!.text : '<!doctype html><title>page</title><script src="/page.js"></script>',
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return server;
}

const urlOf = (name: string): string => mesh.processes.find((p) => p.name === name)!.url!;

test('buf curl lists and calls public methods without a schema, and streams WatchJobs', async () => {
  const buf = async (...args: string[]): Promise<string> => {
    const { stdout } = await run(join(root, 'node_modules/.bin/buf'), ['curl', ...args], {
      cwd: '/',
      maxBuffer: 1 << 24,
    });
    return stdout;
  };
  const methods = await buf('--list-methods', mesh.gatewayUrl, '--http2-prior-knowledge');
  expect(methods).toContain('irisvue.jobs.v1.JobService/WatchJobs');
  expect(methods).not.toContain('ServiceIdentityService');
  expect(methods).not.toContain('irisvue.segmentation');

  const auth = ['-H', `authorization: Bearer ${await person.accessToken()}`];
  const call = (method: string, body: object, ...more: string[]) =>
    buf(...auth, ...more, '-d', JSON.stringify(body), `${mesh.gatewayUrl}/${method}`);
  for (const protocol of [
    ['--protocol', 'connect'],
    ['--protocol', 'grpcweb'],
    ['--protocol', 'grpc', '--http2-prior-knowledge'],
  ]) {
    const photos = JSON.parse(await call('irisvue.jobs.v1.PhotoService/ListPhotos', {}, ...protocol));
    expect(photos).toEqual({});
  }
  const jobIds = await submit(person, await uploadBytes(person, await eyeJpeg(41)));
  const stream = await call('irisvue.jobs.v1.JobService/WatchJobs', { jobIds });
  const snapshots = stream
    .trim()
    .split(/\n(?=\{)/)
    .map((line) => JSON.parse(line).job);
  expect(snapshots.at(-1)).toMatchObject({ id: jobIds[0], status: 'JOB_STATUS_COMPLETED', progress: 100 });
});

test('a plain grpc-js client runs a segmentation and receives progress', async () => {
  const secrets = JSON.parse(await readFile(join(mesh.home, 'secrets.json'), 'utf8')) as { master: string };
  const secret = serviceSecret(secrets.master, 'jobs');
  const identity = createServiceClient(ServiceIdentityService, { url: urlOf('identity') });
  const { token } = await identity.createServiceToken({ service: 'jobs', secret });
  const consent = createServiceClient(ConsentCheckService, { url: urlOf('consent'), token: async () => token });

  const photoId = await uploadBytes(person, await eyeJpeg(42));
  const { photo } = await person.photos.getPhoto({ photoId });
  const { userId } = person.account;
  const job = { jobId: randomUUID(), attempt: 1 };
  const capability = await consent.createStepCapability({
    ...job,
    subjects: [{ id: userId, kind: SubjectKind.SYNTHETIC }],
    purpose: ConsentPurpose.DATA_PROCESSING,
    step: 'segmenting',
  });

  const definition = loadSync('irisvue/segmentation/v1/segmentation_service.proto', {
    includeDirs: [join(root, 'proto'), join(root, 'vendor/protovalidate')],
    enums: String,
    oneofs: true,
  });
  // biome-ignore lint/suspicious/noExplicitAny: proto-loader gives untyped services
  const { SegmentationService } = (grpc.loadPackageDefinition(definition) as any).irisvue.segmentation.v1;
  const client = new SegmentationService(new URL(urlOf('segmentation')).host, grpc.credentials.createInsecure());
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  metadata.set('irisvue-capability', capability.token);
  const work = `work/${userId}/${job.jobId}/1`;
  const call = client.segment(
    {
      ...job,
      photo: {
        key: `photos/${userId}/${photoId}`,
        sha256: photo!.sha256,
        sizeBytes: Number(photo!.sizeBytes),
        contentType: photo!.contentType,
      },
      maskKey: `${work}/mask.png`,
      cropKey: `${work}/crop.png`,
      labelsKey: `${work}/labels.png`,
    },
    metadata,
  );
  const messages: {
    event: string;
    progress?: { step: string; fraction: number };
    segmentation?: { photoWidth: number };
  }[] = [];
  for await (const message of call) messages.push(message);
  client.close();
  expect(messages.filter((m) => m.event === 'progress').length).toBeGreaterThan(1);
  expect(messages.at(-1)?.segmentation?.photoWidth).toBe(1000);
});

test.skipIf(!chromiumPath)('a page in a browser uploads, submits and watches through connect-web', async () => {
  const browser = await chromium.launch({
    executablePath: chromiumPath!,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  try {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(pageOrigin);
    const photo = Buffer.from(await eyeJpeg(43)).toString('base64');
    const outcome = await page.evaluate(
      ([gatewayUrl, token, jpeg]) =>
        (globalThis as unknown as { walk(...a: string[]): Promise<unknown> }).walk(gatewayUrl!, token!, jpeg!),
      [mesh.gatewayUrl, await person.accessToken(), photo],
    );
    expect(problems).toEqual([]);
    expect(outcome).toMatchObject({ status: 'COMPLETED', progress: 100 });
    expect((outcome as { snapshots: number }).snapshots).toBeGreaterThan(2);
  } finally {
    await browser.close();
  }
});

test('a page of another origin gets no permission', async () => {
  const preflight = (origin: string) =>
    fetch(`${mesh.gatewayUrl}/irisvue.jobs.v1.JobService/ListJobs`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
  expect((await preflight(pageOrigin)).headers.get('access-control-allow-origin')).toBe(pageOrigin);
  expect((await preflight('http://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
});
