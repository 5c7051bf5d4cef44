import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The processes that a process started and that still run, lowest number first. */
export async function childPids(pid: number): Promise<number[]> {
  const all = process.platform === 'linux' ? await onLinux() : await byPs();
  return all
    .filter((one) => one.parent === pid && !one.state.startsWith('Z'))
    .map((one) => one.pid)
    .sort((a, b) => a - b);
}

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
}

/** proc(5): /proc/PID/stat is "pid (name) state parent …"; the name may hold anything. */
async function onLinux(): Promise<Row[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(names.map((name) => readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')));
  return stats.flatMap((stat) => {
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return stat ? [{ pid: Number.parseInt(stat, 10), parent: Number(parent), state: state! }] : [];
  });
}

async function byPs(): Promise<Row[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,state=']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .map(([pid, parent, state]) => ({ pid: Number(pid), parent: Number(parent), state: state! }));
}
