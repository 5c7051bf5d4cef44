import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { ConsentService } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { SubjectService } from '@irisvue/contracts/irisvue/consent/v1/subject_service';
import { CircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { ArtworkService } from '@irisvue/contracts/irisvue/jobs/v1/artwork_service';
import { JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { PhotoService } from '@irisvue/contracts/irisvue/jobs/v1/photo_service';
import { AuditService } from '@irisvue/contracts/irisvue/privacy/v1/audit_service';
import { PrivacyService } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';

/** A service of the mesh that the gateway forwards to. */
export type Upstream = 'identity' | 'consent' | 'jobs';

/** The public API, whole: what is not here cannot be reached from outside. */
export const PUBLIC_SERVICES: readonly { readonly service: DescService; readonly upstream: Upstream }[] = [
  { service: IdentityService, upstream: 'identity' },
  { service: CircleService, upstream: 'identity' },
  { service: ConsentService, upstream: 'consent' },
  { service: SubjectService, upstream: 'consent' },
  { service: AuditService, upstream: 'consent' },
  { service: PrivacyService, upstream: 'consent' },
  { service: PhotoService, upstream: 'jobs' },
  { service: JobService, upstream: 'jobs' },
  { service: ArtworkService, upstream: 'jobs' },
];

/**
 * The only methods that need no token: they are how one comes by it, what the token of a mailed link or of an
 * erasure does, or what everybody may read.
 */
export const OPEN_METHODS: readonly DescMethod[] = [
  IdentityService.method.createUser,
  IdentityService.method.createSession,
  IdentityService.method.refreshSession,
  IdentityService.method.verifyEmail,
  IdentityService.method.sendPasswordReset,
  IdentityService.method.resetPassword,
  IdentityService.method.changeEmail,
  IdentityService.method.createProviderNonce,
  IdentityService.method.createProviderSession,
  ConsentService.method.getRetentionPolicy,
  ConsentService.method.listReceiptKeys,
  PrivacyService.method.getErasure,
  PrivacyService.method.watchErasure,
  PrivacyService.method.getErasureCertificate,
  PrivacyService.method.findErasedSubject,
];
