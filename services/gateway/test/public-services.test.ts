import { expect, it } from 'vitest';
import { OPEN_METHODS, PUBLIC_SERVICES } from '../src/public-services.ts';

it('the public API is exactly these services', () => {
  expect(PUBLIC_SERVICES.map(({ service }) => service.typeName).sort()).toEqual([
    'irisvue.consent.v1.ConsentService',
    'irisvue.consent.v1.SubjectService',
    'irisvue.identity.v1.CircleService',
    'irisvue.identity.v1.IdentityService',
    'irisvue.jobs.v1.ArtworkService',
    'irisvue.jobs.v1.JobService',
    'irisvue.jobs.v1.PhotoService',
    'irisvue.privacy.v1.AuditService',
    'irisvue.privacy.v1.PrivacyService',
  ]);
});

it('exactly sign-up, sign-in (also by providers), renewal, what a mailed link or an erasure does and what is public need no token', () => {
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
    'irisvue.privacy.v1.PrivacyService/FindErasedSubject',
    'irisvue.privacy.v1.PrivacyService/GetErasure',
    'irisvue.privacy.v1.PrivacyService/GetErasureCertificate',
    'irisvue.privacy.v1.PrivacyService/WatchErasure',
  ]);
});

it('each service goes to the room that declares it', () => {
  for (const { service, upstream } of PUBLIC_SERVICES) {
    const room = service.typeName.split('.')[1];
    // Privacy is declared apart, because every service has a part in it; consent holds the log and the requests.
    expect(room === 'privacy' ? 'consent' : room).toBe(upstream);
  }
});
