import { expect, it } from 'vitest';
import { contentDisposition } from '../src/index.ts';

it.each([
  ['iris.jpg', `attachment; filename="iris.jpg"; filename*=UTF-8''iris.jpg`],
  ['a "b" 100%.jpg', `attachment; filename="a _b_ 100_.jpg"; filename*=UTF-8''a%20%22b%22%20100%25.jpg`],
  ['../../etc/passwd', `attachment; filename=".._.._etc_passwd"; filename*=UTF-8''.._.._etc_passwd`],
  ['a\r\nset-cookie: b', `attachment; filename="a__set-cookie: b"; filename*=UTF-8''a__set-cookie%3A%20b`],
  [`it's (1)*.jpg`, `attachment; filename="it's (1)*.jpg"; filename*=UTF-8''it%27s%20%281%29%2A.jpg`],
])('saves %j', (name, expected) => {
  expect(contentDisposition(name)).toBe(expected);
});
