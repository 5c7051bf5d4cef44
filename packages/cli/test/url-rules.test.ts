import { describe, expect, test } from 'vitest';
import { refusalOf, refusalOfRedirect } from '../src/models/url-rules.ts';

const strict = { allowHttp: false, allowFiles: false };
const lax = { allowHttp: true, allowFiles: true };

describe('a URL', () => {
  test.each([
    ['https://a.example/x', true, true],
    ['http://127.0.0.1:1/x', true, true],
    ['http://localhost/x', true, true],
    ['http://[::1]/x', true, true],
    ['http://127.1/x', true, true], // another way to write 127.0.0.1
    ['http://a.example/x', false, true],
    ['http://127.0.0.1.a.example/x', false, true],
    ['http://localhost.a.example/x', false, true],
    ['http://10.0.0.1/x', false, true],
    ['file:///etc/hostname', false, true],
    ['ftp://a.example/x', false, false],
    ['data:,x', false, false],
  ])('%s is fetched: %s, when asked for: %s', (url, fetched, whenAsked) => {
    expect(refusalOf(new URL(url), strict) === undefined).toBe(fetched);
    expect(refusalOf(new URL(url), lax) === undefined).toBe(whenAsked);
  });
});

describe('a redirect', () => {
  test.each([
    ['https://a.example', 'https://b.example', true, true],
    ['http://127.0.0.1', 'http://127.0.0.1:2', true, true],
    ['http://127.0.0.1', 'https://b.example', true, true],
    ['http://a.example', 'https://b.example', true, true],
    ['http://a.example', 'http://b.example', false, true],
    ['http://127.0.0.1', 'http://b.example', false, true],
    ['https://a.example', 'http://a.example', false, false],
    ['https://a.example', 'http://127.0.0.1', false, false],
    ['https://a.example', 'https://localhost', false, false],
    ['http://a.example', 'http://127.0.0.1', false, false],
    ['https://a.example', 'file:///etc/hostname', false, false],
    ['http://127.0.0.1', 'file:///etc/hostname', false, false],
  ])('from %s to %s is followed: %s, when http was asked for: %s', (from, to, followed, whenAsked) => {
    expect(refusalOfRedirect(new URL(from), new URL(to), strict) === undefined).toBe(followed);
    expect(refusalOfRedirect(new URL(from), new URL(to), lax) === undefined).toBe(whenAsked);
  });
});
