import { ErrorReason } from '@irisvue/runtime';
import { expect, test } from 'vitest';
import { cutPage, readPage } from '../src/pages.ts';

const rows = ['c', 'b', 'a'].map((last) => ({ id: `0199c3a1-0000-7000-8000-00000000000${last}` }));
test('the token of one page asks for the next', () => {
  const page = readPage({ pageSize: 2, pageToken: '' });
  const { shown, nextPageToken } = cutPage(rows, page);
  expect(shown).toEqual(rows.slice(0, 2));
  expect(readPage({ pageSize: 2, pageToken: nextPageToken })).toEqual({ limit: 2, last: rows[1]!.id });
});
test('the last page has no token, also when it is full', () => {
  expect(cutPage(rows, { limit: 3 }).nextPageToken).toBe('');
  expect(cutPage([], { limit: 3 })).toEqual({ shown: [], nextPageToken: '' });
});
test('20 rows unless told', () => {
  expect(readPage({ pageSize: 0, pageToken: '' }).limit).toBe(20);
  expect(readPage({ pageSize: 0, pageToken: '' }, 50).limit).toBe(50);
});
test.each(['x', 'bnVsbA', Buffer.from('{"last":"1 or 1=1"}').toString('base64url')])(
  'a token that no answer contained is refused: %s',
  (pageToken) => {
    expect(() => readPage({ pageSize: 0, pageToken })).toThrowError(
      expect.objectContaining({
        reason: ErrorReason.INVALID_FIELD,
        metadata: expect.objectContaining({ field: 'page_token' }),
      }),
    );
  },
);
