import { expect, test } from 'vitest';
import { seal, sealingKey, unseal } from '../src/sealed-key.ts';

const key = sealingKey('an operator’s secret', 'identity');
const plain = Buffer.from('a private key');

test('opens what was sealed', () => {
  expect(unseal(key, 'kid', seal(key, 'kid', plain))).toEqual(plain);
});

test('never seals alike', () => {
  expect(seal(key, 'kid', plain)).not.toEqual(seal(key, 'kid', plain));
});

test('does not open under another secret', () => {
  expect(() => unseal(sealingKey('another secret', 'identity'), 'kid', seal(key, 'kid', plain))).toThrow();
});

test('does not open for another service', () => {
  const other = sealingKey('an operator’s secret', 'consent');
  expect(() => unseal(other, 'kid', seal(key, 'kid', plain))).toThrow();
});

test('does not open in another row', () => {
  expect(() => unseal(key, 'other', seal(key, 'kid', plain))).toThrow();
});

test.each([0, 12, -1])('does not open with byte %i changed', (position) => {
  const sealed = seal(key, 'kid', plain);
  const index = position < 0 ? sealed.length + position : position;
  sealed[index] = sealed[index]! ^ 1;
  expect(() => unseal(key, 'kid', sealed)).toThrow();
});

test.each([0, 11, 27])('does not open when cut to %i bytes', (length) => {
  expect(() => unseal(key, 'kid', seal(key, 'kid', plain).subarray(0, length))).toThrow();
});
