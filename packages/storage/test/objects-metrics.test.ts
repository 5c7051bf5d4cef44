import { createLogger, startMetrics } from '@irisvue/runtime';
import { temporaryFolder, until } from '@irisvue/testing';
import { expect, it } from 'vitest';
import { openStore, startObjectsServer } from '../src/index.ts';

const secret = '0123456789abcdef';

it('an objects server tells what it was asked and how it ended, and nothing of what it holds', async () => {
  await using folder = await temporaryFolder('objects');
  await using metrics = await startMetrics({ service: 'objects', host: '127.0.0.1', port: 0 });
  await using server = await startObjectsServer({
    disk: { directory: folder.path, secret },
    host: '127.0.0.1',
    port: 0,
    allowedOrigins: [],
    logger: createLogger({ service: 'objects', level: 'silent' }),
  });
  await using store = await openStore(`file://${folder.path}?endpoint=${server.url}&secret=${secret}`);
  await store.put('a/photo', Buffer.from('eye'), { contentType: 'image/jpeg' });
  const presigned = await store.presignGet('a/photo', { expiresInSeconds: 60 });
  for (const url of [presigned, presigned, `${server.url}/objects/a/photo`, `${server.url}/readyz`])
    await (await fetch(url)).text();

  const value = (text: string, metric: string, labels: string) =>
    text.split(`${metric}{${labels},service_name="objects"} `)[1]?.split('\n')[0];
  const told = await until(async () => {
    const text = await (await fetch(metrics.url!)).text();
    return value(text, 'irisvue_objects_server_requests', 'method="GET"') === '0' ? text : undefined;
  });
  const count = (status: string) =>
    value(told, 'irisvue_objects_server_seconds_count', `method="GET",status="${status}"`);
  expect([count('200'), count('403')]).toEqual(['2', '1']); // a probe is no request for an object
  expect(told).not.toContain('photo');
});
