/** A rule of consent and privacy. Not legal advice. */
export interface ConsentRule {
  /** The tests that prove it have it in their names. */
  readonly id: `CR-${number}`;
  readonly title: string;
  /** What must hold. */
  readonly requirement: string;
  /** Where it comes from: laws, standards, or our own policy. */
  readonly basis: string;
  /** Files that hold it, from the root. */
  readonly enforcedIn: readonly string[];
}

const consent = (...files: string[]) => files.map((file) => `services/consent/${file}`);
const jobs = (...files: string[]) => files.map((file) => `services/jobs/src/${file}`);

/** Every rule, in order. */
export const CONSENT_RULES: readonly ConsentRule[] = [
  {
    id: 'CR-01',
    title: 'Consent at every door',
    requirement:
      'No upload link, job, step or delivery without the active consent of whose eye it is, for that purpose. It is asked for when something is submitted, again before each step, and again when a link is used.',
    basis: 'GDPR 9(2)(a), BIPA 15(b), Texas CUBI',
    enforcedIn: [
      ...jobs('photo-service.ts', 'job-service.ts', 'artwork-service.ts', 'runner/run-step.ts', 'download-service.ts'),
      ...consent('src/step-capabilities.ts'),
      'packages/runtime/src/capability.ts',
    ],
  },
  {
    id: 'CR-02',
    title: 'Whose eye, and who uploads',
    requirement:
      'The subject is recorded apart from the uploader. Nobody consents for another adult: that adult permits the uploader from an own account. For a minor a representative declares, consents and uploads; without one a minor is refused.',
    basis: 'BIPA 15(b)',
    enforcedIn: [
      ...consent('src/capture/capture-permissions.ts', 'src/capture/minors.ts', 'src/subjects.ts'),
      ...jobs('photo-service.ts'),
    ],
  },
  {
    id: 'CR-03',
    title: 'The notice before the choice',
    requirement:
      'A notice is shown first and stored under its hash: what is collected, why, for how long, for whom, and how to withdraw. What was shown and what was chosen are rows of their own. Each purpose is a choice of its own; none is made beforehand.',
    basis: 'BIPA 15(b), GDPR 7 and 13',
    enforcedIn: consent('src/consents.ts', 'src/notices.ts', 'src/notice-store.ts'),
  },
  {
    id: 'CR-04',
    title: 'A release that is signed',
    requirement:
      'In Illinois, and where no residence is declared, a consent to a biometric purpose is a written release: it carries an electronic signature that is bound to the hash of the notice.',
    basis: 'BIPA as amended in 2024',
    enforcedIn: consent('src/signatures.ts', 'src/jurisdiction-rules.ts'),
  },
  {
    id: 'CR-05',
    title: 'A public policy, in force first',
    requirement:
      'The retention policy is public and versioned. While none is in force, no notice is shown and no consent is accepted; each consent records the version that it was given under.',
    basis: 'BIPA 15(a)',
    enforcedIn: consent('src/retention-policies.ts', 'src/consents.ts'),
  },
  {
    id: 'CR-06',
    title: 'The end of retention',
    requirement:
      'Photos and what was made of them are destroyed, without anybody’s doing, at the earliest of: the subject’s law counted from the last interaction or from the end of the purpose, and the own schedule of the policy. Never earlier.',
    basis: 'BIPA 15(a), Texas CUBI',
    enforcedIn: [...jobs('retention/delete-at.ts', 'retention/purge.ts'), ...consent('src/retention-terms.ts')],
  },
  {
    id: 'CR-07',
    title: 'Withdrawal stops work',
    requirement:
      'Withdrawing is one call that asks for less than granting does. Work of that subject that runs or waits stops within two seconds, and nobody else’s does.',
    basis: 'GDPR 7(3)',
    enforcedIn: [...consent('src/consents.ts'), ...jobs('withdrawals.ts')],
  },
  {
    id: 'CR-08',
    title: 'Erasure leaves nothing',
    requirement:
      'Erasure follows what was made of what: originals, crops, masks, intermediates, thumbnails, artworks, links, caches, stream messages, dead letters. A scan afterwards finds nothing but evidence under a pseudonym. Tombstones stop late writers. A signed certificate lists the hashes of all objects.',
    basis: 'GDPR 17 and 19, CCPA',
    enforcedIn: [
      ...consent(
        'src/privacy/erase-everywhere.ts',
        'src/privacy/scan-everywhere.ts',
        'src/privacy/complete-erasure.ts',
      ),
      ...jobs('lineage/erase-subject.ts', 'lineage/tombstones.ts', 'lineage/orphans.ts'),
      'services/identity/src/erasure/account-erasure.ts',
      'packages/events/src/purge-text.ts',
    ],
  },
  {
    id: 'CR-09',
    title: 'Works of several people',
    requirement:
      'When one of the people in a work withdraws, nobody can open it from that moment. Then it is made anew without them, or deleted when too little is left, and the others are told.',
    basis: 'own policy',
    enforcedIn: [
      ...jobs(
        'download-service.ts',
        'withdrawals.ts',
        'joint/withdraw-irises.ts',
        'joint/remake.ts',
        'joint/tell-others.ts',
      ),
      ...jobs('lineage/erase-artwork.ts'),
      ...consent('src/privacy/tell-others.ts'),
    ],
  },
  {
    id: 'CR-10',
    title: 'Recipients are told',
    requirement:
      'Whoever a consent named as a recipient is told of the erasure, by a signed notice without a name in it. What came of it is kept for each recipient.',
    basis: 'GDPR 17(2) and 19',
    enforcedIn: consent('src/privacy/tell-others.ts', 'src/privacy/recipient-hooks.ts'),
  },
  {
    id: 'CR-11',
    title: 'Export',
    requirement: 'An export holds the real bytes, the data as JSON and the receipts, and nobody else’s iris.',
    basis: 'GDPR 20',
    enforcedIn: [
      ...consent('src/export/packed-files.ts', 'src/export/own-export.ts'),
      ...jobs('lineage/export-subject.ts'),
    ],
  },
  {
    id: 'CR-12',
    title: 'The clock of a request',
    requirement:
      'A request is done within a month, or two more; in California it is confirmed within 10 business days and done within 45 days, or 45 more. It is kept with its log for 24 months after its end, and then forgotten.',
    basis: 'GDPR 12, CCPA regulations § 7021 and § 7101',
    enforcedIn: consent(
      'src/privacy/request-clocks.ts',
      'src/privacy/privacy-requests.ts',
      'src/privacy/forgetting.ts',
    ),
  },
  {
    id: 'CR-13',
    title: 'Evidence is only ever added to',
    requirement:
      'Events of consent are neither changed nor removed. They outlive the account under a pseudonym that nothing resolves any more; the pictures do not.',
    basis: 'GDPR 7(1)',
    enforcedIn: consent(
      'migrations/0001-notices-consents-permissions.ts',
      'migrations/0002-principals.ts',
      'src/principals.ts',
      'src/privacy/complete-erasure.ts',
    ),
  },
  {
    id: 'CR-14',
    title: 'A receipt for each choice',
    requirement:
      'Each choice is answered with a signed receipt: a record with the mandatory parts of ISO/IEC TS 27560, which verifies by public keys alone and names nobody.',
    basis: 'ISO/IEC TS 27560:2023',
    enforcedIn: [
      'packages/receipts/src/consent-record.ts',
      ...consent('src/receipts/record-of.ts', 'src/receipts/receipts.ts', 'src/evidence.ts'),
    ],
  },
  {
    id: 'CR-15',
    title: 'Disclosure only to whom is named',
    requirement: 'Nothing is disclosed to a recipient whom the consent for that purpose does not name.',
    basis: 'BIPA 15(d), Texas CUBI',
    enforcedIn: consent('src/consents.ts', 'src/recipients.ts', 'src/artwork/scope.ts'),
  },
  {
    id: 'CR-16',
    title: 'No template, no sale, no training',
    requirement:
      'No template of an iris is made, nobody is recognised by it, nothing is sold, no model learns from it. No contract and no table has a place for it.',
    basis: 'BIPA 15(c)',
    enforcedIn: ['proto/irisvue/media/v1/media.proto', 'services/jobs/migrations/001-photos-jobs-artworks.ts'],
  },
  {
    id: 'CR-17',
    title: 'Access is short and logged',
    requirement:
      'Links end within an hour, and what they lead to within a minute. Who got a link and who used it is logged. What is stored in S3 is stored encrypted, also what was made of a photo; the folder of a mesh on one’s own machine lies on that machine’s encryption (ADR 0005).',
    basis: 'BIPA 15(e)',
    enforcedIn: [
      ...jobs('links.ts', 'download-service.ts', 'audited.ts'),
      ...consent('src/audit/record-event.ts'),
      'packages/storage/src/s3-store.ts',
    ],
  },
  {
    id: 'CR-18',
    title: 'Residence is declared, not guessed',
    requirement:
      'The law that holds is that of the residence the subject declares; of an undeclared one the strictest of each. Nothing is looked up by an IP address, and none leaves the mesh.',
    basis: 'data minimisation',
    enforcedIn: [
      ...consent('src/jurisdiction-rules.ts', 'src/notices.ts', 'src/consent-store.ts', 'src/client-address.ts'),
      'packages/vision/src/no-telemetry.ts',
    ],
  },
  {
    id: 'CR-19',
    title: 'Notice at collection',
    requirement: 'In California the notice names the category collected, its purpose and its retention, at collection.',
    basis: 'CCPA',
    enforcedIn: consent('notices/jurisdictions/ccpa/en.md', 'src/notices.ts'),
  },
  {
    id: 'CR-20',
    title: 'Permissions have a scope',
    requirement:
      'A permission to use an iris in somebody’s artworks holds for that person, photo or artwork, purpose, circle and recipients, and until its end. Granting twice is harmless.',
    basis: 'own policy',
    enforcedIn: [...consent('src/artwork/permissions.ts', 'src/artwork/scope.ts'), ...jobs('consents.ts')],
  },
];
