import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { envExample, envExamplePath } from './env-example.ts';

test('.env.example lists every setting (write it with: node test/workspace/env-example.ts)', async () => {
  expect(await readFile(envExamplePath, 'utf8')).toBe(await envExample());
});
