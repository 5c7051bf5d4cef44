import { createHash } from 'node:crypto';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { ConsentService, Jurisdiction } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { type Mesh, startMesh } from '@irisvue/embedded';
import { verifyReceipt } from '@irisvue/receipts';
import { ErrorReason, errorDetail } from '@irisvue/runtime';
import { temporaryFolder } from '@irisvue/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type MovedClock, movedClock, preloading } from './moved-clock.ts';
import { BIOMETRIC_CAPTURE, grant, newCitizen, refusal } from './people.ts';

const { GDPR } = Jurisdiction;

// A mesh of its own, which begins before its first policy is in force: a clock cannot go back.
describe('a mesh that begins too early', () => {
  const stack = new AsyncDisposableStack();
  let mesh: Mesh;
  let clock: MovedClock;
  beforeAll(async () => {
    const home = stack.use(await temporaryFolder('early')).path;
    clock = await movedClock(home, new Date('2024-12-31T23:50:00Z'));
    const env = { IRISVUE_ENV: 'development', ...clock.env, NODE_OPTIONS: preloading('preload-clock.ts') };
    mesh = stack.use(await startMesh({ home, ports: 'free', env, services: ['gateway', 'identity', 'consent'] }));
  });
  afterAll(() => stack.disposeAsync());

  test('CR-05: before the public policy is in force there is no notice and no consent; from then on there is', async () => {
    const open = createClient(ConsentService, createConnectTransport({ baseUrl: mesh.gatewayUrl, httpVersion: '1.1' }));
    const early = await open.getRetentionPolicy({}).then(
      () => expect.fail('a policy that is not in force was shown as one'),
      (error: unknown) => errorDetail(error),
    );
    expect(early?.reason).toBe(ErrorReason.POLICY_NOT_IN_FORCE);
    const inForce = new Date(early!.metadata['in_force_time']!);
    expect(inForce.getTime()).toBeGreaterThan(clock.now().getTime());

    const person = await newCitizen(mesh.gatewayUrl);
    expect(await refusal(grant(person, BIOMETRIC_CAPTURE))).toBe(ErrorReason.POLICY_NOT_IN_FORCE);
    const unseen = { noticeId: 'gdpr/biometric_capture/en', noticeSha256: '0'.repeat(64), fullAge: true };
    const request = {
      requestId: uuidv7(),
      subject: person.eye,
      purpose: BIOMETRIC_CAPTURE,
      jurisdiction: GDPR,
      ...unseen,
    };
    expect(await refusal(person.consent.grantConsent(request))).toBe(ErrorReason.POLICY_NOT_IN_FORCE);

    await clock.moveTo(inForce);
    const policies = await Promise.all(['en', 'de'].map((language) => open.getRetentionPolicy({ language })));
    for (const { policy } of policies) {
      expect(policy!.version).toMatch(/^\d{4}-\d\d-\d\d$/);
      expect(policy!.sha256).toBe(createHash('sha256').update(policy!.body).digest('hex'));
    }
    const { consent, receipt } = await grant(person, BIOMETRIC_CAPTURE);
    expect(consent.policyVersion).toBe(policies[0]!.policy!.version);
    const record = await verifyReceipt(receipt, JSON.parse((await open.listReceiptKeys({})).jwks));
    const { version, sha256 } = policies[0]!.policy!;
    expect(record.processing[0]!.retention_period.policy).toEqual({ version, sha256 });
  });
});
