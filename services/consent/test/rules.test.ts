import { ErrorReason } from '@irisvue/runtime';
import { describe, expect, test } from 'vitest';
import { permits } from '../src/artwork-permissions.ts';
import { clientAddress } from '../src/client-address.ts';
import { createStepCapabilities } from '../src/step-capabilities.ts';
import { requireAllowedKinds } from '../src/subjects.ts';

const now = new Date('2026-01-01T12:00:00Z');

test.each([
  ['granted for ever', { state: 'granted', expires_at: null }, true],
  ['granted until later', { state: 'granted', expires_at: new Date(now.getTime() + 1) }, true],
  ['granted until now', { state: 'granted', expires_at: now }, false],
  ['withdrawn', { state: 'withdrawn', expires_at: null }, false],
] as const)('a permission that was %s permits: %#', (_, latest, expected) => {
  expect(permits(latest, now)).toBe(expected);
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
