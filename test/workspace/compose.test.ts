import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SERVICES } from '@irisvue/embedded';
import type { Settings } from '@irisvue/runtime';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { WITH_MODELS } from '../../deploy/stage.ts';

const root = resolve(import.meta.dirname, '../..');
const ofTheImage = new Set(['IRISVUE_ENV', 'IRISVUE_HOST', 'IRISVUE_PORT', 'IRISVUE_METRICS_PORT']);

interface Service {
  readonly image: string;
  readonly build?: { readonly args: Readonly<Record<string, string>>; readonly target?: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
  readonly deploy?: {
    readonly resources: {
      readonly limits: { readonly memory: string };
      readonly reservations?: { readonly devices: readonly { readonly device_ids: readonly string[] }[] };
    };
  };
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
}

let compose: Compose;
beforeAll(async () => {
  compose = parse(await readFile(join(root, 'docker-compose.yml'), 'utf8'), { merge: true });
});

/** Every setting of a service, by variable. */
async function settingsOf(service: string): Promise<Map<string, Settings[string]>> {
  const room: Record<string, unknown> = await import(
    pathToFileURL(join(root, `services/${service}/src/settings.ts`)).href
  );
  const declared = Object.values(room).filter((v): v is Settings => typeof v === 'object' && v !== null);
  return new Map(declared.flatMap((one) => Object.values(one)).map((knob) => [knob.env, knob]));
}

describe.each(SERVICES)('%s in docker-compose.yml', (name) => {
  test('is told every setting that it cannot do without, and none that it does not know', async () => {
    const told = compose.services[name]!.environment!;
    const settings = await settingsOf(name);
    expect(Object.keys(told).filter((env) => !settings.has(env))).toEqual([]);
    for (const [env, knob] of settings) {
      if (ofTheImage.has(env)) continue;
      const required =
        /Production needs it/.test(knob.doc) ||
        (knob.default === undefined && !knob.schema.safeParse(undefined).success);
      const ofOneMachine = /127\.0\.0\.1|localhost/.test(knob.default ?? '');
      if (required || ofOneMachine) expect(told, env).toHaveProperty(env);
    }
  });

  test('is the image of its own', () => {
    const { image, build } = compose.services[name]!;
    expect(image).toBe(`irisvue/${name}`);
    expect(build!.args['SERVICE']).toBe(name);
  });
});

test('what runs our code may do little: nothing to write on, no capability, no way to get one, bounded memory', () => {
  const ours = Object.entries(compose.services).filter(([, { image }]) => image.startsWith('irisvue/'));
  expect(ours.length).toBeGreaterThan(SERVICES.length); // and the schemas, and the bucket
  for (const [name, service] of ours) {
    expect(service, name).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  }
  for (const [name, { restart, deploy }] of Object.entries(compose.services)) {
    if (restart !== 'on-failure') expect(deploy?.resources.limits.memory, name).toMatch(/^\d+[mg]$/);
  }
});

test('the outside reaches the gateway and the object store, and by default from this machine only', () => {
  const open = Object.entries(compose.services).flatMap(([name, { ports = [] }]) =>
    ports.map((port) => `${name} ${port}`),
  );
  expect(open.map((port) => port.replace('$', ''))).toEqual([
    'objects {IRISVUE_OBJECTS_BIND:-127.0.0.1:8084}:7480',
    'gateway {IRISVUE_GATEWAY_BIND:-127.0.0.1:8080}:8080',
  ]);
});

test('images of others are pinned, can be others, and have a stand-in that can be built without a registry', async () => {
  const standIns = await readFile(join(root, 'deploy/local/images.env'), 'utf8');
  const ofTests = await readFile(join(root, 'packages/testing/src/environment.ts'), 'utf8');
  const texts = Object.values(compose.services).flatMap(({ image, build }) => [
    image,
    build?.args['BASE_IMAGE'] ?? image,
  ]);
  for (const text of new Set(texts.filter((text) => !text.startsWith('irisvue/')))) {
    const [, variable, image] = /^\$\{(IRISVUE_\w+_IMAGE):-(.+)\}$/.exec(text)!;
    expect(image, text).toMatch(/:v?\d+\.\d+\.\d+\b|:\d+\.\d+-/);
    if (variable !== 'IRISVUE_COLLECTOR_IMAGE') expect(standIns).toContain(`${variable}=irisvue-local/`);
    if (/POSTGRES|NATS|REDIS|CEPH/.test(variable!)) expect(ofTests, text).toContain(`env['${variable}'] || '${image}'`);
  }
});

/** What lies on top of docker-compose.yml; `!override` and `!reset` are docker's own. */
async function override(name: string): Promise<Compose> {
  const customTags = ['!override', '!reset'].map((tag) => ({ tag, collection: 'map' as const }));
  const text = await readFile(join(root, `docker-compose.${name}.yml`), 'utf8');
  return parse(text, { merge: true, customTags, logLevel: 'error' });
}

test('with a folder in place of the S3 server, whoever was told of the one is told of the other', async () => {
  const { services } = await override('disk');
  const url = (service: Service | undefined) => service?.environment?.['IRISVUE_STORAGE_URL'];
  const told = Object.keys(compose.services).filter((name) => url(compose.services[name]) !== undefined);
  expect(told.length).toBeGreaterThan(3);
  for (const name of told.filter((name) => name !== 'objects-bucket')) {
    expect(url(services[name]), name).toBe(url(services['objects']));
    expect(services[name]!.volumes, name).toEqual(services['objects']!.volumes);
  }
  expect(url(services['objects'])).toMatch(/^file:/);
  expect(services['objects']).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
});

test('on GPUs, each service with networks has one of its own choice, and the image with the CUDA provider', async () => {
  const { services } = await override('gpu');
  const dockerfile = await readFile(join(root, 'deploy/Dockerfile'), 'utf8');
  expect(Object.keys(services).sort()).toEqual([...WITH_MODELS].sort());
  for (const [name, { image, build, environment, deploy }] of Object.entries(services)) {
    expect(image).not.toBe(compose.services[name]!.image); // a build for the CPU must not pass for it
    expect(dockerfile).toContain(`FROM service AS ${build!.target}\n`);
    expect(environment).toEqual({ IRISVUE_DEVICE: 'cuda:0' });
    const [device, ...more] = deploy!.resources.reservations!.devices;
    expect(more).toEqual([]);
    expect(device).toMatchObject({ driver: 'nvidia', capabilities: ['gpu'] });
    expect(device!.device_ids).toEqual([`\${IRISVUE_${name.toUpperCase()}_GPU:-0}`]);
  }
});

test('the override for work names services that there are', async () => {
  const dev = await override('dev');
  for (const name of Object.keys(dev.services)) expect(Object.keys(compose.services)).toContain(name);
  expect(SERVICES.filter((name) => !(name in dev.services))).toEqual([]);
});
