import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { isConnectionError, newId } from '../src/index.ts';

describe('newId', () => {
  it('makes UUIDs of version 7 whose order is the order of their making', () => {
    const ids = Array.from({ length: 1000 }, newId);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('isConnectionError', () => {
  const withCode = (error: Error, code: string) => Object.assign(error, { code });
  const databaseError = (code: string) => withCode(new pg.DatabaseError('text', 4, 'error'), code);

  it.each([
    ['refused', withCode(new Error('connect'), 'ECONNREFUSED')],
    ['one of several addresses refused', new AggregateError([withCode(new Error('connect'), 'ECONNREFUSED')])],
    ['cut', new Error('Connection terminated unexpectedly')],
    ['slow', new Error('timeout exceeded when trying to connect')],
    ['shutting down', databaseError('57P01')],
    ['starting', databaseError('57P03')],
    ['full of clients', databaseError('53300')],
    ['broken off', databaseError('08006')],
  ])('knows a server that is %s', (_, error) => expect(isConnectionError(error)).toBe(true));

  it.each([
    ['a unique violation', databaseError('23505')],
    ['a statement that took too long', databaseError('57014')],
    ['an error of our own', new Error('Connection of two eyes')],
    ['a wrong argument', withCode(new TypeError('x'), 'ERR_INVALID_ARG_TYPE')],
    ['no error at all', 'ECONNREFUSED'],
  ])('does not take %s for one', (_, error) => expect(isConnectionError(error)).toBe(false));
});
