import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SERVICES } from '@irisvue/embedded';
import type { Settings } from '@irisvue/runtime';
import { Deployment } from 'kubernetes-models/apps/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { Service } from 'kubernetes-models/v1';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { MESH } from '../../deploy/k8s/mesh.ts';
import { scaledObjects } from '../../deploy/k8s/scaling.ts';
import { k8sFiles } from './k8s-manifests.ts';

const root = resolve(import.meta.dirname, '../..');
const meshYaml = join(root, 'deploy/k8s/mesh.yaml');

interface Read {
  readonly kind: keyof typeof KINDS;
  readonly metadata: { readonly name: string };
  // biome-ignore lint/suspicious/noExplicitAny: what was read is checked against the schema of its kind
  readonly spec: any;
}
const KINDS = { Deployment, NetworkPolicy, PodDisruptionBudget, Service };

const objects = parseAllDocuments(await readFile(meshYaml, 'utf8')).map((document) => document.toJS() as Read);
const of = (kind: Read['kind'], name: string): Read =>
  objects.find((o) => o.kind === kind && o.metadata.name === name)!;

test('the files are what their code says (write them with: node test/workspace/k8s-manifests.ts)', async () => {
  for (const [path, text] of k8sFiles) expect(await readFile(path, 'utf8'), path).toBe(text);
});

test('every object is valid by the schema of its kind, and a wrong one is not', () => {
  expect(objects.length).toBe(1 + SERVICES.length * 4);
  for (const object of objects) new KINDS[object.kind](object as never).validate();
  const wrong = structuredClone(of('Deployment', 'jobs'));
  wrong.spec.replicas = 'two';
  expect(() => new Deployment(wrong as never).validate()).toThrow('replicas');
});

describe.each(SERVICES)('%s', (name) => {
  const pod = of('Deployment', name).spec.template.spec;
  const [container] = pod.containers;

  test('may do little, and holds no secret itself', () => {
    expect(pod).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true } });
    for (const each of [container, ...(pod.initContainers ?? [])]) {
      expect(each.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(each.resources.limits.memory).toMatch(/^\d+[MG]i$/);
      for (const { name: variable, value } of each.env) {
        if (/SECRET|DATABASE|STORAGE|NATS|REDIS|SMTP/.test(variable)) expect(value, variable).toBeUndefined();
      }
    }
  });

  test('is asked whether it serves before it gets calls, and an update ends no pod before another one serves', () => {
    expect(container.readinessProbe.grpc.port).toBe(8080);
    expect(container.livenessProbe.httpGet.path).toBe('/livez');
    const { strategy } = of('Deployment', name).spec;
    expect(strategy.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 });
    // A service drains for 10 s, and its process ends after 30 s at the latest.
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(30 + container.lifecycle.preStop.sleep.seconds);
    expect(of('PodDisruptionBudget', name).spec.maxUnavailable).toBe(1);
  });

  test('is told every setting that it cannot do without, and none that it does not know', async () => {
    const room = await import(pathToFileURL(join(root, `services/${name}/src/settings.ts`)).href);
    const declared = Object.values(room).filter((v): v is Settings => typeof v === 'object' && v !== null);
    const knobs = new Map(declared.flatMap((one) => Object.values(one)).map((knob) => [knob.env, knob]));
    const told = container.env.map((one: { name: string }) => one.name);
    expect(told.filter((variable: string) => !knobs.has(variable))).toEqual([]);
    for (const [variable, knob] of knobs) {
      if (['IRISVUE_ENV', 'IRISVUE_HOST', 'IRISVUE_PORT', 'IRISVUE_METRICS_PORT'].includes(variable)) continue;
      const required =
        /Production needs it/.test(knob.doc) ||
        (knob.default === undefined && !knob.schema.safeParse(undefined).success);
      if (required || /127\.0\.0\.1|localhost/.test(knob.default ?? '')) expect(told, variable).toContain(variable);
    }
  });
});

test('only the gateway is reachable from outside, vision services from jobs alone, and all else is refused', () => {
  expect(of('NetworkPolicy', 'deny-all').spec).toEqual({ podSelector: {}, policyTypes: ['Ingress'] });
  const callersOf = (name: string): string[] | undefined =>
    of('NetworkPolicy', name).spec.ingress[0].from?.map(
      (one: { podSelector: { matchLabels: Record<string, string> } }) =>
        one.podSelector.matchLabels['app.kubernetes.io/name'],
    );
  expect(SERVICES.filter((name) => callersOf(name) === undefined)).toEqual(['gateway']);
  for (const name of ['segmentation', 'enhancement', 'fusion']) expect(callersOf(name), name).toEqual(['jobs']);
  // Whoever is told a service's address must be let in by it, and nobody else.
  for (const { name } of MESH.filter((service) => service.name !== 'gateway')) {
    const told = MESH.filter(({ env }) => Object.values(env).includes(`http://${name}:8080`)).map((one) => one.name);
    const probing = told.filter(
      (caller) => caller !== 'gateway' || !['segmentation', 'enhancement', 'fusion'].includes(name),
    );
    expect(callersOf(name)!.toSorted(), name).toEqual(probing.toSorted());
  }
  for (const { kind, spec } of objects) if (kind === 'Service') expect(spec.type).toBeUndefined(); // no node port
});

test('a name resolves to the pods, since clients balance by themselves; only an ingress is given one address', () => {
  const addressed = SERVICES.filter((name) => of('Service', name).spec.clusterIP !== 'None');
  expect(addressed).toEqual(['gateway']);
  for (const name of SERVICES) {
    // Without an address of its own a name translates no port.
    const [{ containerPort }] = of('Deployment', name).spec.template.spec.containers[0].ports;
    expect(of('Service', name).spec.ports[0].port).toBe(containerPort);
  }
});

test('a GPU is asked for by every vision service alone, and the patch hits the device setting', async () => {
  const patch = await readFile(join(root, 'deploy/k8s/gpu/kustomization.yaml'), 'utf8');
  expect(patch).toContain('limits/nvidia.com~1gpu, value: "1"');
  const [, at] = /env\/(\d+)\/value, value: "cuda:0"/.exec(patch)!;
  for (const name of ['segmentation', 'enhancement', 'fusion']) {
    const { env } = of('Deployment', name).spec.template.spec.containers[0];
    expect(env[Number(at)].name, name).toBe('IRISVUE_DEVICE');
  }
});

test('KEDA scales by metrics that jobs tells', async () => {
  const told = await readFile(join(root, 'services/jobs/src/queue-metrics.ts'), 'utf8');
  for (const { metadata, spec } of scaledObjects) {
    const { query } = spec.triggers[0]!.metadata;
    for (const metric of query.match(/irisvue_\w+/g)!) expect(told).toContain(`${metric}:`);
    expect(query).toContain(`service="${metadata.name}"`);
  }
});
