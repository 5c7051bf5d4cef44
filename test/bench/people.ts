/**
 * What accounts and permissions cost: sign-ins beside argon2 alone, permission checks beside a bare SELECT, and what
 * enforcement adds to each step of a job. All in one run, on a mesh of its own; medians.
 *
 *   node test/bench/people.ts [--seconds 2] [--rounds 5] [--parallel 4] [--runs 5] [--json]
 */
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadSecrets, serviceSecret } from '@irisvue/embedded';
import { serviceTokenSource, systemClock } from '@irisvue/runtime';
import { startTestMesh, type TestMesh, temporaryFolder } from '@irisvue/testing';
import { eyeJpeg, newPerson } from '../e2e/person.ts';
import { measureEnforcement } from './people/enforcement.ts';
import { measurePasswords } from './people/passwords.ts';
import { type ConsentPlace, measurePermissions } from './people/permissions.ts';
import type { Effort } from './people/rate.ts';
import { type Report, tablesOf } from './people/report.ts';
import { textOf } from './vision/table.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
    parallel: { type: 'string', default: '4' },
    runs: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const effort: Effort = {
  seconds: positive('seconds'),
  rounds: positive('rounds'),
  parallel: positive('parallel'),
};
const runs = positive('runs');
const twelveMegapixels = [4000, 3000] as const;
// The limits that strangers meet are not what is measured.
const UNLIMITED = '1000000';

function positive(name: 'seconds' | 'rounds' | 'parallel' | 'runs'): number {
  const value = Number(options[name]);
  if (!(value > 0)) throw new TypeError(`--${name} is a number above 0, not "${options[name]}"`);
  return value;
}

function urlOf(mesh: TestMesh, name: string): string {
  return mesh.processes.find((process) => process.name === name)!.url!;
}

async function consentOf(mesh: TestMesh): Promise<ConsentPlace> {
  const { master } = await loadSecrets(mesh.home);
  const secret = serviceSecret(master, 'jobs');
  return {
    consentUrl: urlOf(mesh, 'consent'),
    databaseUrl: `${mesh.servers.postgres}/consent`,
    token: serviceTokenSource({ identityUrl: urlOf(mesh, 'identity'), service: 'jobs', secret, clock: systemClock }),
  };
}

async function measureAll(): Promise<Report> {
  await using folder = await temporaryFolder('bench');
  const traceFile = join(folder.path, 'spans.jsonl');
  const photo = await eyeJpeg(1, ...twelveMegapixels);
  const enforcement = await onMesh({ IRISVUE_TRACE_FILE: traceFile }, async (mesh) => {
    await using person = await newPerson(mesh.gatewayUrl);
    return await measureEnforcement(await consentOf(mesh), person, { photo, runs, traceFile });
  });
  return await onMesh({}, async (mesh) => {
    await using owner = await newPerson(mesh.gatewayUrl);
    await using creator = await newPerson(mesh.gatewayUrl);
    return {
      machine: `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores`,
      effort,
      photo: `a rendered eye of ${twelveMegapixels.join(' × ')} pixels, ${runs} runs`,
      passwords: await measurePasswords(mesh.gatewayUrl, effort),
      permissions: await measurePermissions(await consentOf(mesh), { owner, creator }, effort),
      enforcement,
    };
  });
}

/** Traces are written for one part only: they cost time. */
async function onMesh<T>(env: Readonly<Record<string, string>>, work: (mesh: TestMesh) => Promise<T>): Promise<T> {
  await using mesh = await startTestMesh({
    env: { IRISVUE_ADDRESS_CALLS_PER_MINUTE: UNLIMITED, IRISVUE_FREE_TRIES_PER_ADDRESS: UNLIMITED, ...env },
  });
  return await work(mesh);
}

const report = await measureAll();
if (options.json) console.log(JSON.stringify(report));
else console.log([report.machine, ...tablesOf(report).map(textOf)].join('\n\n'));
