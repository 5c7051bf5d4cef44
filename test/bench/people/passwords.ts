import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createClient } from '@connectrpc/connect';
import { plainTransport } from '@irisvue/cli/account';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { verify } from '@node-rs/argon2';
import { v7 as uuidv7 } from 'uuid';
import { createPasswords } from '../../../services/identity/src/passwords.ts';
import { median } from '../median.ts';
import { type Effort, latencies, type Rate, rates } from './rate.ts';

const run = promisify(execFile);
const MIB_OF_KIB = 1_024;
const HASHES = 40;

/** What a password costs, and how many sign-ins the mesh carries beside the hashing alone. */
export interface PasswordFigures {
  /** As the hash itself names them: memory (KiB), passes, lanes. */
  readonly parameters: string;
  /** One hash after the other, median. */
  readonly hashMs: number;
  /** What the first hashes add to the largest resident size of a process, by how many are computed at a time. */
  readonly addedMib: Readonly<Record<string, number>>;
  /** CreateSession through the gateway. */
  readonly signIn: Rate;
  /** argon2 alone on the same hash, in the process of the bench. */
  readonly argon2: Rate;
}

/** Signs up one person and signs in again and again. */
export async function measurePasswords(gatewayUrl: string, effort: Effort): Promise<PasswordFigures> {
  const password = `${uuidv7()} correct horse`;
  const email = `bench-${uuidv7()}@irisvue.example`;
  const identity = createClient(IdentityService, plainTransport(gatewayUrl));
  await identity.createUser({ requestId: uuidv7(), email, password, clientName: 'bench' });

  const passwords = await createPasswords({ parallel: 1 });
  const stored = await passwords.hash(password);
  const hashMs = median(await latencies(() => passwords.hash(password), HASHES));
  const { signIn, argon2 } = await rates(
    {
      signIn: () => identity.createSession({ email, password, clientName: 'bench' }),
      argon2: () => verify(stored, password),
    },
    effort,
  );
  const addedMib = { 1: await addedMemory(1), [effort.parallel]: await addedMemory(effort.parallel) };
  return { parameters: stored.split('$')[3] ?? '', hashMs, addedMib, signIn, argon2 };
}

/** In a process of its own, whose memory was never larger than the modules need. */
async function addedMemory(parallel: number): Promise<number> {
  const { stdout } = await run(process.execPath, [`${import.meta.dirname}/hashing-child.ts`, `${parallel}`]);
  return Number(stdout) / MIB_OF_KIB;
}
