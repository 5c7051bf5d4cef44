import { describe, expect, test } from 'vitest';
import { type KeyPolicy, keysThatVerify, keyThatSigns, nextKeySignsFrom } from '../src/key-rotation.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));
const MINUTE_MS = 60_000;
const policy: KeyPolicy = {
  rotateAfterMs: 100 * MINUTE_MS,
  publishLeadMs: 15 * MINUTE_MS,
  longestTokenMs: 30 * MINUTE_MS,
};
const first = { kid: 'first', signsFrom: at(0) };
const second = { kid: 'second', signsFrom: at(115) };
const kids = (keys: readonly { kid: string }[]) => keys.map((key) => key.kid);

describe('a key', () => {
  test('signs from its moment until the next one does', () => {
    expect(keyThatSigns([second, first], at(114))?.kid).toBe('first');
    expect(keyThatSigns([first, second], at(115))?.kid).toBe('second');
  });

  test('does not sign before its moment', () => {
    expect(keyThatSigns([second], at(100))).toBeUndefined();
  });

  test.each([
    ['before it signs', 100, ['second', 'first']],
    ['while the last token of its predecessor lives', 145, ['second', 'first']],
    ['after that token has ended', 146, ['second']],
    ['for ever, while it has no successor', 100_000, ['second']],
  ])('verifies %s', (_, minute, expected) => {
    expect(kids(keysThatVerify([first, second], policy, at(minute)))).toEqual(expected);
  });
});

describe('the next key', () => {
  test('is due at once when there is none', () => {
    expect(nextKeySignsFrom([], policy, at(7))).toEqual(at(7));
  });

  test('is not due while the newest is young', () => {
    expect(nextKeySignsFrom([first], policy, at(99))).toBeUndefined();
  });

  test('is published ahead of its first signature', () => {
    expect(nextKeySignsFrom([first], policy, at(100))).toEqual(at(115));
  });

  test('is not due while one is announced already', () => {
    expect(nextKeySignsFrom([first, second], policy, at(101))).toBeUndefined();
  });
});
