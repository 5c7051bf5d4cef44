import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { AuditAction } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { AuditService } from '@irisvue/contracts/irisvue/privacy/v1/audit_service';
import { newId } from '@irisvue/database';
import { until } from '@irisvue/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type StartedConsent, startConsent } from '../started-consent.ts';

let consent: StartedConsent;
beforeAll(async () => {
  consent = await startConsent();
});
afterAll(() => consent[Symbol.asyncDispose]());

/** What the log says about a user once it has `count` entries, oldest first. */
async function actionsOf(userId: string, count: number): Promise<string[]> {
  const token = await consent.userToken(userId);
  const audit = createClient(
    AuditService,
    createConnectTransport({
      baseUrl: consent.url,
      httpVersion: '1.1',
      interceptors: [
        (next) => (request) => {
          request.header.set('Authorization', `Bearer ${token}`);
          return next(request);
        },
      ],
    }),
  );
  const list = async () => (await audit.listAuditEntries({})).entries;
  await until(async () => (await list()).length >= count, { what: `${count} entries` });
  const name = (action: AuditAction) => Object.entries(AuditAction).find(([, value]) => value === action)?.[0] ?? '';
  return (await list()).map((entry) => name(entry.action)).toReversed();
}

test('a grant and a withdrawal are recorded, repeats are not', async () => {
  const user = await consent.user();
  const requestId = newId();
  await user.grant({ requestId });
  await user.grant({ requestId });
  await user.grant();
  await user.withdraw();
  await user.withdraw();
  expect(await actionsOf(user.id, 2)).toEqual(['CONSENT_GRANTED', 'CONSENT_WITHDRAWN']);
});

test('permissions to use an iris are recorded when they are given and when they end', async () => {
  const [owner, creator] = await Promise.all([consent.user(), consent.user()]);
  const scope = { photoId: newId(), creatorId: creator.id };
  await owner.api.grantArtworkPermission({ requestId: newId(), ...scope });
  await owner.api.grantArtworkPermission({ requestId: newId(), ...scope });
  await owner.api.withdrawArtworkPermission({ requestId: newId(), ...scope });
  expect(await actionsOf(owner.id, 2)).toEqual(['PERMISSION_GRANTED', 'PERMISSION_REVOKED']);
});
