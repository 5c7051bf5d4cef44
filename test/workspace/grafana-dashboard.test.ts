import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { dashboardJson, dashboardPath } from '../../deploy/grafana/dashboard.ts';

test('deploy/grafana/irisvue.json is what its code says (write it with: node deploy/grafana/dashboard.ts)', async () => {
  expect(await readFile(dashboardPath, 'utf8')).toBe(dashboardJson());
});
