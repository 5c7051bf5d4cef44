import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { UnixUser } from './unprivileged-user.ts';

// Given to the shell as text: the user that it runs as may not be able to enter the folder of this file.
const LIFELINE = readFileSync(new URL('lifeline.sh', import.meta.url), 'utf8');

/** A server program that knows nothing of IrisVue, and how it likes to be stopped. */
export interface NativeCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** Working directory, absolute. */
  readonly cwd: string;
  /** The signal that makes it stop in order, without SIG. */
  readonly stopSignal: 'INT' | 'TERM';
  /** How long an orderly stop may take before it is killed, in seconds, 1 or more. */
  readonly stopSeconds: number;
  /** Run as this user. Not set: as ourselves. */
  readonly user?: UnixUser;
}

/**
 * Starts a server that does not outlive this process, however this process ends: a shell beside the server reads a pipe
 * that only we hold, and stops the server when the pipe closes. The child that is returned is the server itself.
 * `log` is the file descriptor that takes its output.
 */
export function spawnOnLifeline(command: NativeCommand, env: NodeJS.ProcessEnv, log: number): ChildProcess {
  const { program, args, cwd, stopSignal, stopSeconds, user } = command;
  const child = spawn('/bin/sh', ['-c', LIFELINE, 'lifeline', stopSignal, String(stopSeconds), program, ...args], {
    cwd,
    env,
    stdio: ['pipe', log, log],
    ...user,
  });
  const lifeline = child.stdin!;
  lifeline.on('error', () => {}); // the watcher may be gone already when it is let go
  child.once('exit', () => lifeline.end('ended\n'));
  return child;
}
