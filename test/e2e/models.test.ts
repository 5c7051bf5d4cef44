import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Job, JobStatus, JobStep } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { startTestMesh, type TestMesh, until } from '@irisvue/testing';
import { builtInModelsDir, modelInUse } from '@irisvue/vision';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ended, eyeJpeg, newPerson, type Person, submit, uploadBytes } from './person.ts';

const name = 'iris-segmentation';
const newVersion = '1000';
let mesh: TestMesh;
let person: Person;
let photoId: string;

beforeAll(async () => {
  mesh = await startTestMesh();
  person = await newPerson(mesh.gatewayUrl);
  photoId = await uploadBytes(person, await eyeJpeg(21));
});
afterAll(async () => {
  await person?.[Symbol.asyncDispose]();
  await mesh?.[Symbol.asyncDispose]();
});

/** The command as a person gives it, on the home of the mesh. @returns what it prints. */
async function irisvue(...args: string[]): Promise<string> {
  const main = join(import.meta.dirname, '../../packages/cli/src/main.ts');
  const env = { ...process.env, IRISVUE_HOME: mesh.home };
  return (await promisify(execFile)(process.execPath, [main, 'models', ...args], { env })).stdout;
}

const versionOf = (job: Job): string =>
  job.steps.find(({ step }) => step === JobStep.SEGMENTING)?.provenance?.modelVersion ?? '';

/** Resolves when a photo is seen with that version. */
async function seenWith(version: string): Promise<void> {
  await until(async () => versionOf((await ended(person, await submit(person, photoId)))[0]!) === version, {
    limitMs: 60_000,
    what: `that photos are seen with ${name} ${version}`,
  });
}

/** A registry with the model that comes with the project, under a version of its own. @returns its path. */
async function publishNewVersion(): Promise<string> {
  const folder = join(mesh.home, 'published');
  await mkdir(folder);
  await cp((await modelInUse(builtInModelsDir, name))!.folder, folder, { recursive: true });
  const card = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'));
  await writeFile(join(folder, 'model.json'), JSON.stringify({ ...card, version: newVersion }));
  const files = await Promise.all(
    (await readdir(folder)).map(async (file) => {
      const bytes = await readFile(join(folder, file));
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return { name: file, url: file, sha256, sizeBytes: bytes.length };
    }),
  );
  const entry = { name, version: newVersion, licence: card.licence, purpose: 'The same under another name.', files };
  await writeFile(join(folder, 'registry.json'), JSON.stringify({ models: [entry] }));
  return join(folder, 'registry.json');
}

test('a model is replaced while photos are processed: no job is disturbed, and the next ones use it', async () => {
  const { version } = (await modelInUse(builtInModelsDir, name))!;
  const registry = await publishNewVersion();
  const jobIds = (await Promise.all(Array.from({ length: 4 }, () => submit(person, photoId)))).flat();
  const printed = await irisvue('pull', name, '--registry', registry);
  expect(printed).toContain(`${name} ${newVersion} is in use now.`);
  expect(printed).toMatch(/The mesh takes it up, .*segmentation/);
  await seenWith(newVersion);
  for (const job of await ended(person, jobIds)) {
    expect(job).toMatchObject({ status: JobStatus.COMPLETED, attempt: 1 });
    expect([version, newVersion]).toContain(versionOf(job));
  }

  expect(await irisvue('use', name, version)).toContain(`${name} ${version} is in use now.`);
  await seenWith(version);
  const { models } = JSON.parse(await irisvue('list', '--json')) as { models: { name: string }[] };
  expect(models.filter((model) => model.name === name)).toMatchObject([
    { version: newVersion, from: 'pulled', inUse: false },
    { version, from: 'built in', inUse: true, chosen: true },
  ]);
});
