import { Redis } from 'ioredis';
import pg from 'pg';
import { describe, expect, inject, test } from 'vitest';
import { createTestDatabase } from '../src/test-database.ts';
import { startNats, startRedis } from '../src/test-servers.ts';

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

describe('createTestDatabase', () => {
  test('migrates once, and gives each test its own rows', async () => {
    let migrations = 0;
    const migrate = async (url: string) => {
      migrations++;
      await query(url, 'create table leaf (colour text not null)');
    };
    const [one, two] = await Promise.all([
      createTestDatabase('leaves', migrate),
      createTestDatabase('leaves', migrate),
    ]);
    await query(one.url, `insert into leaf values ('green')`);
    expect(await query(one.url, 'select * from leaf')).toEqual([{ colour: 'green' }]);
    expect(await query(two.url, 'select * from leaf')).toEqual([]);
    expect(migrations).toBe(1);
    await one[Symbol.asyncDispose]();
    await expect(query(one.url, 'select 1')).rejects.toThrow('does not exist');
    await two[Symbol.asyncDispose]();
  });

  test('does not take a migration that failed for a schema', async () => {
    const failing = createTestDatabase('roots', async (url) => {
      await query(url, 'create table root (depth int)');
      throw new Error('the migration is wrong');
    });
    await expect(failing).rejects.toThrow('the migration is wrong');
    await using good = await createTestDatabase('roots', async (url) => {
      await query(url, 'create table root (depth real)');
    });
    expect(await query(good.url, 'select * from root')).toEqual([]);
  });
});

describe('a server of one test', () => {
  test('Redis comes back on the same URL after it was killed', async () => {
    await using server = await startRedis();
    await using redis = connection(server.url);
    const first = await runId(redis.client);
    await redis.client.set('leaf', 'green');
    await redis.client.save();
    await server.kill();
    await server.startAgain();
    expect(await redis.client.get('leaf')).toBe('green');
    expect(await runId(redis.client)).not.toBe(first);
  });

  test('NATS is not the one that all tests share', async () => {
    await using server = await startNats();
    expect(server.url).toMatch(/^nats:\/\/127\.0\.0\.1:\d+$/);
    expect(server.url).not.toBe(inject('natsUrl'));
    await server.kill();
    await server.startAgain();
  });
});

/** A new one for each process of a server. */
async function runId(client: Redis): Promise<string> {
  return /run_id:(\w+)/.exec(await client.info('server'))![1]!;
}

function connection(url: string): { readonly client: Redis } & AsyncDisposable {
  const client = new Redis(url, { maxRetriesPerRequest: null });
  client.on('error', () => {}); // while the server is away
  return { client, [Symbol.asyncDispose]: async () => client.disconnect() };
}
