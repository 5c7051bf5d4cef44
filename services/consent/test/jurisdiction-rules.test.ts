import { ErrorReason, SettingsError } from '@irisvue/runtime';
import { describe, expect, test } from 'vitest';
import { LAWS, needsSignature, RULES, rulesOf, shortest, strictest } from '../src/jurisdiction-rules.ts';
import { operatorOf } from '../src/operator.ts';
import { namedRecipients, parseRecipients } from '../src/recipients.ts';
import type { ConsentSettings } from '../src/settings.ts';
import { sign, signatureDigest } from '../src/signatures.ts';

describe('the strictest rules (CR-18)', () => {
  const rules = rulesOf('strictest');

  test('ask for everything that any law asks for', () => {
    expect(rules).toMatchObject({
      signature: true,
      specialCategory: true,
      noticeAtCollection: true,
      lawfulBasis: { biometric: expect.stringContaining('9(2)(a)') },
      term: { monthsAfterInteraction: 36, monthsAfterPurpose: 12 },
    });
  });

  test('would follow any one law that became stricter', () => {
    for (const law of LAWS) {
      const stricter = LAWS.map((name) =>
        name === law
          ? { ...RULES[name], signature: true, term: { monthsAfterPurpose: 1 } }
          : { ...RULES[name], signature: false },
      );
      expect(strictest(stricter)).toMatchObject({ signature: true, term: { monthsAfterPurpose: 1 } });
    }
  });
});

test('the shortest of several terms has the least of each limit', () => {
  expect(
    shortest([{ monthsAfterInteraction: 36 }, {}, { monthsAfterInteraction: 24, monthsAfterPurpose: 12 }]),
  ).toEqual({
    monthsAfterInteraction: 24,
    monthsAfterPurpose: 12,
  });
  expect(shortest([{}, {}])).toEqual({ monthsAfterInteraction: undefined, monthsAfterPurpose: undefined });
});

test('a signature is needed in Illinois and where nothing is declared, for biometric purposes (CR-04)', () => {
  const needed = (['strictest', ...LAWS] as const).filter((name) => needsSignature(name, 'biometric_capture'));
  expect(needed).toEqual(['strictest', 'bipa']);
  expect(needsSignature('bipa', 'marketing')).toBe(false);
});

describe('a signature', () => {
  const noticeSha256 = 'a'.repeat(64);

  test('binds the name to the notice, and cannot be guessed from its digest', () => {
    const { name, salt, digest } = sign('  Zoe\u0308 Example ', noticeSha256, 'bipa');
    expect(name).toBe('Zoë Example');
    expect(signatureDigest({ name, salt, noticeSha256 })).toBe(digest);
    expect(signatureDigest({ name, salt, noticeSha256: 'b'.repeat(64) })).not.toBe(digest);
    expect(signatureDigest({ name: 'Zoë Examples', salt, noticeSha256 })).not.toBe(digest);
    expect(sign('Zoë Example', noticeSha256, 'bipa').digest).not.toBe(digest);
  });

  test.each(['', '   ', '\n'])('of %j is none', (blank) => {
    expect(() => sign(blank, noticeSha256, 'bipa')).toThrow(
      expect.objectContaining({ reason: ErrorReason.SIGNATURE_REQUIRED, metadata: { jurisdiction: 'bipa' } }),
    );
  });
});

describe('recipients', () => {
  test('are read from one line', () => {
    expect(parseRecipients('whatsapp = Messages Ltd, Dublin; mail=Post AG; ')).toEqual([
      { id: 'whatsapp', description: 'Messages Ltd, Dublin' },
      { id: 'mail', description: 'Post AG' },
    ]);
    expect(parseRecipients('')).toEqual([]);
  });

  test.each(['whatsapp', '=x', 'a=', 'Big=x', 'a=x;a=y', 'a b=x'])('are not read from %j', (text) => {
    expect(() => parseRecipients(text)).toThrow(RangeError);
  });

  test('are named only of those that are offered', () => {
    const offered = parseRecipients('a=A;b=B');
    expect(namedRecipients(offered, ['b', 'a']).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(() => namedRecipients(offered, ['c'])).toThrow(
      expect.objectContaining({ reason: ErrorReason.INVALID_FIELD, metadata: { field: 'recipients', limit: 'a,b' } }),
    );
  });
});

describe('the operator', () => {
  const stated = { operatorName: 'A', operatorAddress: 'B', operatorContact: 'C', storageLocations: ['D'] };
  const settings = (o: Partial<ConsentSettings>) => ({ recipients: [], ...o }) as unknown as ConsentSettings;

  test('has to be stated in production, all of it', () => {
    expect(operatorOf(settings({ env: 'production', ...stated }))).toMatchObject({
      name: 'A',
      storageLocations: ['D'],
    });
    const nameless = () => operatorOf(settings({ env: 'production', operatorContact: 'C' }));
    expect(nameless).toThrow(SettingsError);
    expect(nameless).toThrow(/NAME.*\n.*ADDRESS.*\n.*LOCATIONS/);
  });

  test('need not be in development, and the notice says so', () => {
    expect(operatorOf(settings({ env: 'development' })).name).toContain('development');
  });
});
