import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Files that git tracks or would track, as paths from the root. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root })
  .toString()
  .trim()
  .split('\n');
const sources = files.filter((f) => /^(packages|services)\/[^/]+\/(src|migrations)\/.*\.ts$/.test(f));
const importedBy = (file: string): string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((m) => m[1]!);
const roomOf = (file: string): string => file.split('/').slice(0, 2).join('/');

describe('the house', () => {
  test('is not empty', () => {
    expect(sources.length).toBeGreaterThan(50);
  });

  test('no service imports another, and no room reaches into one', () => {
    const service = /^@irisvue\/(gateway|identity|consent|jobs|segmentation|enhancement|fusion)(\/|$)/;
    for (const file of sources) {
      for (const imported of importedBy(file)) {
        expect(imported, file).not.toMatch(service);
        if (imported.startsWith('.'))
          expect(roomOf(join(file, '..', imported)), `${file} ▸ ${imported}`).toBe(roomOf(file));
        if (roomOf(file) !== 'packages/testing') expect(imported, file).not.toMatch(/^@irisvue\/testing/);
      }
    }
  });

  test('has no drawers', () => {
    const drawers = /(^|\/)(common|utils?|shared|types|core|helpers?|lib|misc)(\/|\.ts$)/;
    expect(files.filter((f) => !f.startsWith('vendor/') && drawers.test(f))).toEqual([]);
  });

  test('reads the environment in one file of a room only', () => {
    const readers = sources.filter((f) => readFileSync(join(root, f), 'utf8').includes('process.env'));
    for (const room of new Set(readers.map(roomOf))) {
      expect(readers.filter((f) => roomOf(f) === room).length, `${room}: ${readers.join(', ')}`).toBeLessThanOrEqual(1);
    }
  });
});
