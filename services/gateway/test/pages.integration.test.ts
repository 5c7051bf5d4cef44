import { once } from 'node:events';
import http2 from 'node:http2';
import { connect } from 'node:net';
import { createLogger, loadSettings, type RunningServer } from '@irisvue/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp } from '../src/app.ts';
import { settings } from '../src/settings.ts';
import { type RedisProcess, startRedis } from './redis-process.ts';
import { MAILED_TOKEN, SERVICE_SECRET, startUpstream, TRIED_TOO_OFTEN, type Upstream } from './upstream.ts';

const CALLS_PER_MINUTE = 60;
const REQUEST_ID = '019a0000-0000-7000-8000-000000000001';

let upstream: Upstream;
let redis: RedisProcess;
let gateway: RunningServer;

beforeAll(async () => {
  [upstream, redis] = await Promise.all([startUpstream(), startRedis()]);
  const rooms = ['IDENTITY', 'CONSENT', 'JOBS', 'SEGMENTATION', 'ENHANCEMENT', 'FUSION'];
  const config = loadSettings(settings, {
    IRISVUE_PORT: '0',
    IRISVUE_REDIS_URL: redis.url,
    IRISVUE_SERVICE_SECRET: SERVICE_SECRET,
    IRISVUE_ADDRESS_CALLS_PER_MINUTE: `${CALLS_PER_MINUTE}`,
    ...Object.fromEntries(rooms.map((room) => [`IRISVUE_${room}_URL`, upstream.url])),
  });
  gateway = await createApp(config, { logger: createLogger({ service: 'gateway', level: 'silent' }) });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${gateway.url}${path}`, { headers });
const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers,
    body: new URLSearchParams({ request_id: REQUEST_ID, ...fields }),
  });

it.each(['/account/verify', '/account/reset-password', '/account/change-email', '/circles/join', '/photos/permit'])(
  '%s is a page that fetches nothing, stands in no frame and no cache, and does nothing by being opened',
  async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(200);
    const policy = answer.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect(await answer.text()).not.toMatch(/(src|href|action)=/);
    expect(upstream.verified).toEqual([]);
    expect((await fetch(`${gateway.url}${path}`, { method: 'PUT' })).status).toBe(405);
  },
);

it.each([
  [undefined, 'en'],
  ['de-AT,de;q=0.9,en;q=0.8', 'de'],
  ['fr, en;q=0.4, de;q=0.5', 'de'],
  ['de;q=0, *', 'en'],
  ['; ,,q=x', 'en'],
])('Accept-Language %s is answered in %s', async (wish, language) => {
  const answer = await get('/account/verify', wish === undefined ? {} : { 'accept-language': wish });
  expect(await answer.text()).toContain(`<html lang="${language}"`);
});

it('a form is carried out for the address that it came from, under the id that it names; a whole link may be pasted', async () => {
  const token = ` ${gateway.url}/account/verify#${MAILED_TOKEN} `;
  const answer = await post('/account/verify', { token }, { 'x-forwarded-for': '198.51.100.9' });
  expect(answer.status).toBe(200);
  expect(upstream.verified).toEqual([{ requestId: REQUEST_ID, address: '127.0.0.1' }]);
});

it('a link that does not work says so, whatever is written into it is escaped, and nothing of the driver is told', async () => {
  const dead = await post('/account/verify', { token: 'used' }, { 'accept-language': 'de' });
  expect(dead.status).toBe(410);
  expect(await dead.text()).toContain('Dieser Link gilt nicht');

  const hostile = '"><script>alert(1)</script>';
  const differ = await post('/account/reset-password', { token: hostile, password: 'one', repeat: 'two' });
  expect(differ.status).toBe(400);
  const text = await differ.text();
  expect(text).toContain('The two passwords are not the same.');
  expect(text).toContain('&quot;&gt;&lt;script&gt;');
  expect(text).not.toContain(hostile);

  const fields = { token: MAILED_TOKEN, password: 'long enough', repeat: 'long enough' };
  const broken = await post('/account/reset-password', fields);
  expect(broken.status).toBe(500);
  expect(await broken.text()).not.toContain('secret of the driver');

  const tried = { ...fields, password: TRIED_TOO_OFTEN, repeat: TRIED_TOO_OFTEN };
  const limited = await post('/account/reset-password', tried);
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '2']);
});

it('a body that is no form or too long is refused, and nothing but the pages is served', async () => {
  const json = await fetch(`${gateway.url}/account/verify`, { method: 'POST', body: '{}' });
  expect(json.status).toBe(400);
  const long = await post('/account/verify', { token: MAILED_TOKEN.repeat(1000) });
  expect(long.status).toBe(400);
  for (const path of ['/account', '/account/verify/', '/constructor', '/__proto__']) {
    expect((await get(path)).status, path).toBe(404);
  }
});

it('a form that its sender breaks off harms nobody else', async () => {
  const { hostname, port } = new URL(gateway.url);
  const type = 'application/x-www-form-urlencoded';
  const socket = connect(Number(port), hostname);
  socket.write(`POST /account/verify HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: 99\r\n\r\ntoken=`);
  const session = http2.connect(gateway.url);
  const stream = session.request({ ':method': 'POST', ':path': '/account/verify', 'content-type': type });
  stream.on('error', () => {}); // it is we who break it off
  stream.write('token=');
  // An answer on the same connection: what was written before it has arrived.
  const probe = session.request({ ':path': '/livez' });
  await once(probe, 'response');
  stream.close(http2.constants.NGHTTP2_CANCEL);
  socket.destroy();
  await once(stream, 'close');
  session.destroy();
  const before = upstream.verified.length;
  expect((await post('/account/verify', { token: MAILED_TOKEN })).status).toBe(200);
  expect(upstream.verified.length).toBe(before + 1);
});

it('forms are counted for their address, opening a page is not', async () => {
  let last = await post('/account/verify', { token: 'guess' });
  for (let i = 0; i < CALLS_PER_MINUTE && last.status === 410; i++) {
    last = await post('/account/verify', { token: 'guess' });
  }
  expect(last.status).toBe(429);
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await get('/account/verify')).status).toBe(200);
});
