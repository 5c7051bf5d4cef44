import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** An account that the command made for itself; its password lies here only. */
export interface LocalAccount {
  readonly email: string;
  readonly password: string;
}

/** A person's account: the session that was signed in here. The password is nowhere. */
export interface PersonAccount {
  readonly email: string;
  readonly session: StoredSession;
}

export interface StoredSession {
  readonly accessToken: string;
  /** RFC 3339. */
  readonly accessExpireTime: string;
  /** Works once, so whoever uses it writes its successor, under the lock. */
  readonly refreshToken: string;
}

export type StoredAccount = LocalAccount | PersonAccount;

// A command that holds the lock for longer has died; a renewal takes one call.
const STALE_LOCK_MS = 30_000;
const LOCK_POLL_MS = 50;

/** The account of a home; undefined when there is none. */
export async function readAccount(home: string): Promise<StoredAccount | undefined> {
  try {
    return JSON.parse(await readFile(pathOf(home), 'utf8')) as StoredAccount;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes it whole or not at all, readable by its owner alone. */
export async function writeAccount(home: string, account: StoredAccount): Promise<void> {
  const path = pathOf(home);
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, `${JSON.stringify(account, null, 2)}\n`, { mode: 0o600 });
  await rename(unfinished, path);
}

export async function removeAccount(home: string): Promise<void> {
  await rm(pathOf(home), { force: true });
}

/** Runs `work` while no other command of this home does: two must not use one refresh token. */
export async function withAccountLock<T>(home: string, work: () => Promise<T>): Promise<T> {
  const lock = `${pathOf(home)}.lock`;
  while (!(await create(lock))) {
    const age = Date.now() - ((await stat(lock).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (age > STALE_LOCK_MS) await rm(lock, { force: true });
    await wait(LOCK_POLL_MS);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

function pathOf(home: string): string {
  return join(home, 'account.json');
}

async function create(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
