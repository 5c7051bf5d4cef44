import { createClient } from '@connectrpc/connect';
import { plainTransport } from '@irisvue/cli/account';
import { ConsentService } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { CircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { ErrorReason, reasonOf } from '@irisvue/runtime';
import { startTestMesh, type TestMesh, until } from '@irisvue/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';

const PASSWORD = 'a password of two sessions';
// "Within seconds", on a machine that does other things besides.
const LIMIT_MS = 5_000;
const { TOKEN_INVALID, DEPENDENCY_DOWN } = ErrorReason;
const CHECKING = ['gateway', 'identity', 'consent', 'jobs'] as const;

let mesh: TestMesh;
beforeAll(async () => {
  mesh = await startTestMesh();
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

const urlOf = async (name: string) => (await mesh.process(name)).url!;
const as = (accessToken: string) => ({ headers: { authorization: `Bearer ${accessToken}` } });

/** One call at each process that checks users' tokens, past the gateway for those behind it. */
const calls: Record<(typeof CHECKING)[number], (url: string, accessToken: string) => Promise<unknown>> = {
  gateway: (url, token) => createClient(JobService, plainTransport(url)).listJobs({}, as(token)),
  identity: (url, token) => createClient(CircleService, plainTransport(url)).listCircles({}, as(token)),
  consent: (url, token) => createClient(ConsentService, plainTransport(url)).listConsents({}, as(token)),
  jobs: (url, token) => createClient(JobService, plainTransport(url)).listJobs({}, as(token)),
};
async function answerOf(name: (typeof CHECKING)[number], accessToken: string): Promise<'ok' | ErrorReason | undefined> {
  const url = await urlOf(name);
  return calls[name](url, accessToken).then(() => 'ok' as const, reasonOf);
}

test('the access token of an ended session is refused everywhere within seconds, streams end, and a restart forgets nothing', async () => {
  const identity = createClient(IdentityService, plainTransport(mesh.gatewayUrl));
  const email = `two-sessions-${uuidv7()}@irisvue.example`;
  const { tokens } = await identity.createUser({ requestId: uuidv7(), email, password: PASSWORD });
  const kept = (await identity.createSession({ email, password: PASSWORD })).tokens!.accessToken;
  const ended = tokens!.accessToken;
  for (const name of CHECKING) {
    expect(await answerOf(name, ended), name).toBe('ok');
    expect(await answerOf(name, kept), name).toBe('ok');
  }

  const watching = async () => {
    for await (const _ of createClient(JobService, plainTransport(mesh.gatewayUrl)).watchJobs({}, as(ended)));
  };
  const stream = watching().then(() => 'ended without a word', reasonOf);

  await identity.revokeOtherSessions({ requestId: uuidv7() }, as(kept));
  const refusedAt = (name: (typeof CHECKING)[number]) =>
    until(async () => (await answerOf(name, ended)) === TOKEN_INVALID, {
      limitMs: LIMIT_MS,
      what: `that ${name} refuses`,
    });
  await Promise.all(CHECKING.map(refusedAt));
  expect(await stream).toBe(TOKEN_INVALID);
  for (const name of CHECKING) expect(await answerOf(name, kept), name).toBe('ok');

  for (const name of CHECKING) process.kill((await mesh.process(name)).pid, 'SIGKILL');
  for (const name of CHECKING) {
    const answer = await until(async () => {
      const said = await answerOf(name, ended);
      return said === DEPENDENCY_DOWN ? undefined : said; // not up again yet
    });
    expect(answer, name).toBe(TOKEN_INVALID);
    expect(await until(async () => (await answerOf(name, kept)) === 'ok', { what: `that ${name} is up` })).toBe(true);
  }
});
