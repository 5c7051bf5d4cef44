import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { childPids } from '@irisvue/testing';

const EVERY_MS = 200;
const TABLES = ['tcp', 'tcp6', 'udp', 'udp6'];
/** 127.0.0.0/8, ::1, the same in IPv6's clothes, and no address at all, as Linux writes them: words in little-endian. */
const LOCAL = /^([0-9A-F]{6}7F|0{8}|0{32}|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F)$/;

/** Looks again and again where sockets of a process and all that it started lead to, also those of native libraries. */
export interface OutwardSockets extends Disposable {
  /** Hexadecimal addresses outside this machine that were seen so far, each with its process. */
  readonly seen: ReadonlySet<string>;
  /** How often it looked. */
  readonly looks: number;
}

/** Watches `pid` and its descendants. Needs Linux's /proc; a socket that lives for less than 200 ms may be missed. */
export function watchOutwardSockets(pid: number): OutwardSockets {
  const stopping = new AbortController();
  const seen = new Set<string>();
  const watch = { seen, looks: 0, [Symbol.dispose]: () => stopping.abort() };
  const strangers = new Set<string>(); // inodes of sockets of others on this machine
  void (async () => {
    while (!stopping.signal.aborted) {
      const sockets = [...(await outwardSockets())].filter(([inode]) => !strangers.has(inode));
      const pids = sockets.length > 0 ? await family(pid) : [];
      for (const [inode, address] of sockets) {
        const owner = await ownerOf(inode, pids);
        if (owner === undefined) strangers.add(inode);
        else seen.add(`${owner} → ${address}`);
      }
      watch.looks += 1;
      await wait(EVERY_MS, undefined, { ref: false });
    }
  })();
  return watch;
}

/** Inodes of sockets that lead out of this machine, whoever's they are, with the address. */
async function outwardSockets(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const table of TABLES) {
    const text = await readFile(`/proc/self/net/${table}`, 'utf8').catch(() => '');
    for (const line of text.trim().split('\n').slice(1)) {
      const columns = line.trim().split(/\s+/);
      const address = columns[2]!.split(':')[0]!;
      if (!LOCAL.test(address)) found.set(columns[9]!, address);
    }
  }
  return found;
}

async function family(pid: number): Promise<number[]> {
  const found = [pid];
  // One after another: each look opens a file of every process.
  for (const child of await childPids(pid)) found.push(...(await family(child)));
  return found;
}

async function ownerOf(inode: string, pids: readonly number[]): Promise<string | undefined> {
  for (const pid of pids) {
    const folder = `/proc/${pid}/fd`;
    for (const fd of await readdir(folder).catch(() => [])) {
      const target = await readlink(`${folder}/${fd}`).catch(() => '');
      if (target === `socket:[${inode}]`)
        return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => String(pid)))
          .split('\0')
          .slice(0, 2)
          .join(' ');
    }
  }
  return undefined;
}
