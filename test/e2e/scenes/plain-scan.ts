import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, relative } from 'node:path';
import type { TestMesh } from '@irisvue/testing';
import pg from 'pg';
import type { Needle } from './canary.ts';

/** The databases of the mesh. */
const DATABASES = ['identity', 'consent', 'jobs'] as const;
/** Folders of a mesh's home that are looked at by other means: PostgreSQL's own files, by dumps. */
const DUMPED = ['postgres'];

/** Where a needle was found. */
export interface Found {
  readonly place: string;
  readonly needle: string;
}

/**
 * Looks for bytes in all that a mesh keeps, knowing nothing of how it keeps it: a dump of each database, Redis written to
 * its file, and every file of the home: objects, streams, logs, mails, secrets.
 */
export async function plainScan(mesh: TestMesh, needles: readonly Needle[]): Promise<Found[]> {
  const found: Found[] = [];
  const look = (place: string, bytes: Buffer) => {
    for (const needle of needles) if (bytes.includes(needle.bytes)) found.push({ place, needle: needle.name });
  };
  for (const name of DATABASES) {
    for (const [table, text] of await dump(`${mesh.servers.postgres}/${name}`)) look(`database ${name}.${table}`, text);
  }
  await writeRedis(mesh.servers.redis);
  for (const file of await readdir(mesh.home, { recursive: true, withFileTypes: true })) {
    const path = join(file.parentPath, file.name);
    const place = relative(mesh.home, path);
    if (!file.isFile() || DUMPED.some((folder) => place.startsWith(`${folder}/`))) continue;
    look(place, Buffer.from(place));
    look(place, await readFile(path).catch(ignoreGone));
  }
  return found;
}

/** Every row of every table as text, which shows bytes in hexadecimal digits. */
async function dump(url: string): Promise<Array<readonly [table: string, text: Buffer]>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    const dumped: Array<readonly [string, Buffer]> = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ text: string }>(`SELECT r::text AS text FROM ${name} r`);
      dumped.push([name, Buffer.from(rows.map((row) => row.text).join('\n'))]);
    }
    return dumped;
  } finally {
    await client.end();
  }
}

/** Redis writes its snapshot from time to time; here it does so now. */
async function writeRedis(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  try {
    socket.write('SAVE\r\n');
    const [answer] = await once(socket, 'data');
    if (String(answer) !== '+OK\r\n') throw new Error(`Redis answered ${answer}`);
  } finally {
    socket.destroy();
  }
}

// A mesh at work removes files.
function ignoreGone(error: NodeJS.ErrnoException): Buffer {
  if (error.code !== 'ENOENT') throw error;
  return Buffer.alloc(0);
}
