import { expect, it } from 'vitest';
import { OPEN_METHODS, PUBLIC_SERVICES } from '../src/public-services.ts';

it('the public API is exactly these six services', () => {
  expect(PUBLIC_SERVICES.map(({ service }) => service.typeName).sort()).toEqual([
    'irisvue.consent.v1.ConsentService',
    'irisvue.identity.v1.CircleService',
    'irisvue.identity.v1.IdentityService',
    'irisvue.jobs.v1.ArtworkService',
    'irisvue.jobs.v1.JobService',
    'irisvue.jobs.v1.PhotoService',
  ]);
});

it('exactly sign-up, sign-in (also by providers), renewal, what a mailed link does and what is public need no token', () => {
  expect(OPEN_METHODS.map((method) => `${method.parent.typeName}/${method.name}`).sort()).toEqual([
    'irisvue.consent.v1.ConsentService/GetRetentionPolicy',
    'irisvue.consent.v1.ConsentService/ListReceiptKeys',
    'irisvue.identity.v1.IdentityService/ChangeEmail',
    'irisvue.identity.v1.IdentityService/CreateProviderNonce',
    'irisvue.identity.v1.IdentityService/CreateProviderSession',
    'irisvue.identity.v1.IdentityService/CreateSession',
    'irisvue.identity.v1.IdentityService/CreateUser',
    'irisvue.identity.v1.IdentityService/RefreshSession',
    'irisvue.identity.v1.IdentityService/ResetPassword',
    'irisvue.identity.v1.IdentityService/SendPasswordReset',
    'irisvue.identity.v1.IdentityService/VerifyEmail',
  ]);
});

it('each service goes to the room that declares it', () => {
  for (const { service, upstream } of PUBLIC_SERVICES) {
    expect(service.typeName.split('.')[1]).toBe(upstream);
  }
});
