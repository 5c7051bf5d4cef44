import { Jurisdiction } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { expect, test } from 'vitest';
import { BIOMETRIC_CAPTURE, DATA_PROCESSING, MARKETING, newCitizen } from './people.ts';

/** For each purpose: the category collected, what for, and a word of its term. */
const EXPECTED = [
  [BIOMETRIC_CAPTURE, 'biometric information (imagery of the iris)', 'receive the photo and to keep it', '36 months'],
  [DATA_PROCESSING, 'biometric information (imagery of the iris)', 'Segmentation, removal of reflections', '36 months'],
  [MARKETING, 'identifiers (your e-mail address)', 'messages about new functions', 'until you withdraw'],
] as const;

test.each(EXPECTED)(
  'CR-19: in California notice %s names at collection the category, its purpose and its retention',
  async (purpose, category, why, term) => {
    const person = await newCitizen();
    const textOf = async (jurisdiction: Jurisdiction) => {
      const { notice } = await person.consent.getNotice({ purpose, jurisdiction, language: 'en' });
      return notice!.body.replace(/\s+/g, ' ');
    };
    const california = await textOf(Jurisdiction.CCPA);
    expect(california).toContain('California: notice at collection');
    expect(california).toContain(`Category collected: ${category}`);
    expect(california).toContain('Purpose and retention of this category are those above');
    expect(/## Why (.*?) ## /.exec(california)?.[1]).toContain(why);
    expect(/## For how long (.*?) ## /.exec(california)?.[1]).toContain(term);
    expect(california).toContain('not sold and not shared for advertising across contexts');
    expect(await textOf(Jurisdiction.UNSPECIFIED)).toContain(`Category collected: ${category}`);
    expect(await textOf(Jurisdiction.GDPR)).not.toContain('Category collected');
  },
);

test('CR-19: the notice comes before the collection: without it no photo is taken', async () => {
  const person = await newCitizen();
  expect((await person.consent.listConsents({})).consents).toEqual([]);
  const created = person.photos.createPhoto({
    ...{ requestId: crypto.randomUUID(), subjectKind: person.eye.kind, contentType: 'image/jpeg' },
    ...{ sha256: '0'.repeat(64), sizeBytes: 1n },
  });
  await expect(created).rejects.toThrow('biometric_capture');
});
