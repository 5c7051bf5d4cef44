import { ErrorReason } from '@irisvue/runtime';
import { describe, expect, test } from 'vitest';
import { permits } from '../src/artwork/scope.ts';
import { clientAddress } from '../src/client-address.ts';
import { createStepCapabilities } from '../src/step-capabilities.ts';
import { requireAllowedKinds } from '../src/subjects.ts';

const now = new Date('2026-01-01T12:00:00Z');

describe('a permission', () => {
  const [ownerId, creatorId, photoId, artworkId, circleId] = ['o', 'c', 'p', 'a', 'k'];
  const granted = {
    ...{ state: 'granted', owner_id: ownerId, expires_at: null, photo_id: photoId, artwork_id: null },
    ...{ purpose: null, circle_id: null, recipients: ['printer'] },
  } as const;
  const use = { creatorId };
  const inArtwork = { creatorId, artworkId, purpose: 'fusion' } as const;
  const later = new Date(now.getTime() + 1);

  test.each([
    ['granted for ever', {}, use, true],
    ['granted until later', { expires_at: later }, use, true],
    ['granted until now', { expires_at: now }, use, false],
    ['requested', { state: 'requested' }, use, false],
    ['denied', { state: 'denied' }, use, false],
    ['withdrawn', { state: 'withdrawn' }, use, false],
    ['of another owner', { owner_id: 'x' }, use, false],
    ['for another photo', { photo_id: 'x' }, use, false],
    ['for every iris in this artwork', { photo_id: null, artwork_id: artworkId }, inArtwork, true],
    ['for another artwork', { artwork_id: 'x' }, inArtwork, false],
    ['for an artwork, before it exists', { artwork_id: artworkId }, use, false],
    ['for this kind', { purpose: 'fusion' }, inArtwork, true],
    ['for the other kind', { purpose: 'composition' }, inArtwork, false],
    ['for one kind, asked for any', { purpose: 'fusion' }, use, false],
    ['for this circle', { circle_id: circleId }, { creatorId, circleId }, true],
    ['for no circle, used in one', {}, { creatorId, circleId }, false],
    ['for a circle, used in none', { circle_id: circleId }, use, false],
    ['for a circle, used in another', { circle_id: circleId }, { creatorId, circleId: 'x' }, false],
    ['for this recipient', {}, { creatorId, recipient: 'printer' }, true],
    ['for no such recipient', {}, { creatorId, recipient: 'whatsapp' }, false],
  ] as const)('%s', (_, over, wanted, expected) => {
    const permission = { ...granted, ...over, recipients: [...granted.recipients] } as Parameters<typeof permits>[0];
    expect(permits(permission, { photoId, ownerId }, wanted, now)).toBe(expected);
  });
});

describe('a subject', () => {
  test('of a kind that is not accepted is named', () => {
    const subjects = [
      { id: 'a', kind: 'self' },
      { id: 'a', kind: 'evaluation' },
    ] as const;
    expect(() => requireAllowedKinds(subjects, ['self', 'synthetic'])).toThrow(
      expect.objectContaining({
        reason: ErrorReason.SUBJECT_KIND_NOT_ALLOWED,
        metadata: { subject_kind: 'evaluation' },
      }),
    );
  });
});

test.each([
  [null, undefined],
  ['', undefined],
  ['203.0.113.7', '203.0.113.7'],
  ['10.0.0.1, 203.0.113.7', '203.0.113.7'],
  ['2001:db8::1', '2001:db8::1'],
  ["'; drop table", undefined],
])('X-Forwarded-For %j tells the address %s', (header, expected) => {
  expect(clientAddress(new Headers(header === null ? {} : { 'x-forwarded-for': header }))).toBe(expected);
});

describe('a capability', () => {
  const request = {
    subjects: [{ id: 'a', kind: 'self' }],
    purpose: 'data_processing',
    jobId: 'j',
    step: 'segmenting',
    attempt: 1,
  } as const;
  const make = createStepCapabilities({
    consents: { pending: async () => [] },
    capture: { pending: async () => [] },
    keys: { sign: async ({ lifetimeMs }) => ({ token: JSON.stringify(lifetimeMs), expiresAt: now }) },
  });

  test.each([
    ['step', { step: 'recognising' }, 'segmenting,removing_reflections,enhancing,blending'],
    ['purpose', { purpose: 'marketing' as const }, 'data_processing'],
    ['purpose', { purpose: 'biometric_capture' as const }, 'data_processing'],
  ])('is not had for a %s that does not fit', async (field, other, limit) => {
    await expect(make({ ...request, ...other })).rejects.toMatchObject({
      reason: ErrorReason.INVALID_FIELD,
      metadata: { field, limit },
    });
  });

  test.each(['segmenting', 'removing_reflections', 'enhancing', 'blending'])(
    'is had for %s, 60 s long',
    async (step) => {
      expect((await make({ ...request, step })).token).toBe('60000');
    },
  );
});
