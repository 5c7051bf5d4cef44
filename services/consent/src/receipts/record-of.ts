import { type ConsentRecord, consentRecord, RECORD_SCHEMA } from '@irisvue/receipts';
import { rulesOf, shortest } from '../jurisdiction-rules.ts';
import type { Operator } from '../operator.ts';
import type { RetentionPolicies } from '../retention-policies.ts';
import { CONTROLLER, type RecordedEvent, type RecordFacts, type RecordPurpose } from './record-facts.ts';

const PURPOSES: Readonly<Record<RecordPurpose, { readonly description: string; readonly data: readonly string[] }>> = {
  biometric_capture: {
    description: 'taking and storing photos of an eye',
    data: ['photo of an eye (imagery of the iris)'],
  },
  data_processing: {
    description: 'segmentation, removal of reflections, enhancement, fusion and composition of one’s own photos',
    data: ['photo of an eye (imagery of the iris)', 'masks, outlines, measures and pictures made of it'],
  },
  marketing: { description: 'messages about functions and offers of the operator', data: ['e-mail address'] },
  capture_by_another: {
    description: 'upload of photos of the subject’s eye by the grantee',
    data: ['photo of an eye (imagery of the iris)'],
  },
  artwork_use: {
    description: 'use of the subject’s iris in an artwork of the grantee',
    data: ['pictures made of a photo of an eye (imagery of the iris)'],
  },
};

const WITHDRAWAL: Readonly<Record<RecordPurpose, string>> = {
  biometric_capture: 'one call, at any time: ConsentService.WithdrawConsent, or `irisvue consent withdraw`',
  data_processing: 'one call, at any time: ConsentService.WithdrawConsent, or `irisvue consent withdraw`',
  marketing: 'one call, at any time: ConsentService.WithdrawConsent, or `irisvue consent withdraw`',
  capture_by_another: 'one call, at any time: SubjectService.WithdrawCapturePermission',
  artwork_use: 'one call, at any time: ConsentService.WithdrawArtworkPermission',
};

/**
 * The record of an event in the structure of ISO/IEC TS 27560 (CR-14). It holds principal ids and the operator's own
 * details, and nothing else that names anybody. Throws a ZodError when the facts do not make a well-formed record.
 */
export function recordOf(
  facts: RecordFacts,
  o: { readonly operator: Operator; readonly policies: Pick<RetentionPolicies, 'termOf'> },
): ConsentRecord {
  const rules = rulesOf(facts.jurisdiction);
  const biometric = facts.purpose !== 'marketing';
  const basis = rules.lawfulBasis?.[biometric ? 'biometric' : 'marketing'];
  const { description, data } = PURPOSES[facts.purpose];
  return consentRecord.parse({
    header: { schema_version: RECORD_SCHEMA, record_id: facts.id, principal_id: facts.principalId },
    processing: [
      {
        purpose: facts.purpose,
        purpose_description: description,
        ...(facts.notice && { notice: { ...facts.notice, language: facts.notice.id.split('/').at(-1) } }),
        ...(basis !== undefined && { lawful_basis: basis }),
        personal_data: data.map((type) => ({ type, ...(rules.specialCategory && { special_category: biometric }) })),
        controllers: [CONTROLLER],
        storage_locations: [...o.operator.storageLocations],
        retention_period: retentionPeriod(facts, o.policies),
        jurisdiction: { code: facts.jurisdiction, law: rules.law },
        third_party_recipients: [...facts.recipients],
        withdrawal_method: WITHDRAWAL[facts.purpose],
        ...(facts.scope && { scope: facts.scope }),
      },
    ],
    parties: partiesOf(facts, o.operator),
    events: facts.events.map(eventOf),
  });
}

function retentionPeriod({ jurisdiction, policy }: RecordFacts, policies: Pick<RetentionPolicies, 'termOf'>) {
  const term = shortest([rulesOf(jurisdiction).term, policy === undefined ? {} : policies.termOf(policy.version)]);
  const { monthsAfterInteraction, monthsAfterPurpose } = term;
  return {
    description:
      'until deleted, withdrawn and erased, or the purpose is fulfilled, and no longer than the months stated',
    ...(monthsAfterInteraction !== undefined && { months_after_last_interaction: monthsAfterInteraction }),
    ...(monthsAfterPurpose !== undefined && { months_after_purpose: monthsAfterPurpose }),
    ...(policy && { policy }),
  };
}

function partiesOf({ recipients }: RecordFacts, { name, address, contact, recipients: offered }: Operator) {
  const third = recipients.map((id) => {
    const description = offered.find((recipient) => recipient.id === id)?.description ?? id;
    return { id, name: description, address: description, contact, type: 'third_party_recipient' };
  });
  return [{ id: CONTROLLER, name, address, contact, type: 'controller' }, ...third];
}

function eventOf({ at, state, type, entity, until, signatureSha256 }: RecordedEvent) {
  return {
    time: at.toISOString(),
    validity: { from: at.toISOString(), until: until?.toISOString() ?? null },
    entity,
    type,
    state,
    ...(signatureSha256 !== undefined && { signature_sha256: signatureSha256 }),
  };
}
