import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

// Any number, as long as all test workers take the same one.
const TEMPLATE_LOCK = 7_265_190;

/** A database of one test's own; dropped when disposed of, with whoever is still connected. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
}

/**
 * A fresh database with the schema that `migrate` makes. `name` (a service's) stands for the schema: `migrate` is called
 * once per test run on a template, which is then cloned for every test in some 30 ms. `migrate` must have closed its
 * connections when it resolves. In the project `integration` only, whose global setup starts the server.
 */
export async function createTestDatabase(name: string, migrate: (url: string) => Promise<void>): Promise<TestDatabase> {
  const server = inject('postgresUrl');
  const template = `template_${name}`;
  const database = `${name}_${randomUUID().replaceAll('-', '')}`;
  await withMaintenance(server, async (client) => {
    await client.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK]); // goes with the connection
    const found = await client.query('select 1 from pg_database where datname = $1 and datistemplate', [template]);
    if (found.rowCount === 0) await makeTemplate(client, template, databaseUrl(server, template), migrate);
    await client.query(`create database ${pg.escapeIdentifier(database)} template ${pg.escapeIdentifier(template)}`);
  });
  return {
    url: databaseUrl(server, database),
    [Symbol.asyncDispose]: () =>
      withMaintenance(server, async (client) => {
        await client.query(`drop database if exists ${pg.escapeIdentifier(database)} with (force)`);
      }),
  };
}

/** A template is marked as one when it is whole, so that a migration that failed is not taken for one. */
async function makeTemplate(
  client: pg.Client,
  template: string,
  url: string,
  migrate: (url: string) => Promise<void>,
): Promise<void> {
  const quoted = pg.escapeIdentifier(template);
  await client.query(`drop database if exists ${quoted} with (force)`);
  await client.query(`create database ${quoted}`);
  await migrate(url);
  await client.query(`alter database ${quoted} with is_template true allow_connections false`);
}

async function withMaintenance(server: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl(server, 'postgres') });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function databaseUrl(server: string, name: string): string {
  return `${server}/${name}`;
}
