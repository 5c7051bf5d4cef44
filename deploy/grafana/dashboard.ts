/**
 * The dashboard of a mesh, as code. Written to irisvue.json beside it, which Grafana loads as it is.
 *
 *   node deploy/grafana/dashboard.ts
 */
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ROWS, type Row } from './rows.ts';

// Grafana's grid is 24 columns wide.
const PANEL = { w: 6, h: 8 };
const DATASOURCE = { type: 'prometheus', uid: '$' + '{datasource}' }; // the dashboard's own variable

function panelsOf(rows: readonly Row[]): unknown[] {
  const placed: unknown[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    placed.push({ id: placed.length + 1, type: 'row', title, collapsed: false, gridPos: { x: 0, y, w: 24, h: 1 } });
    y += 1;
    for (const [i, panel] of panels.entries()) {
      const column = i % 4;
      placed.push({
        id: placed.length + 1,
        type: 'timeseries',
        title: panel.title,
        description: panel.doc,
        datasource: DATASOURCE,
        gridPos: { ...PANEL, x: column * PANEL.w, y: y + Math.floor(i / 4) * PANEL.h },
        fieldConfig: { defaults: { unit: panel.unit, min: 0 }, overrides: [] },
        targets: Object.entries(panel.lines).map(([legendFormat, expr], at) => ({
          refId: String.fromCharCode('A'.charCodeAt(0) + at),
          datasource: DATASOURCE,
          expr,
          legendFormat,
        })),
      });
    }
    y += Math.ceil(panels.length / 4) * PANEL.h;
  }
  return placed;
}

/** Path of the generated file. */
export const dashboardPath = resolve(import.meta.dirname, 'irisvue.json');

/** Every query of the dashboard, in PromQL. */
export const dashboardQueries: readonly string[] = ROWS.flatMap(({ panels }) =>
  panels.flatMap(({ lines }) => Object.values(lines)),
);

/** The text of irisvue.json. */
export function dashboardJson(): string {
  const dashboard = {
    uid: 'irisvue',
    title: 'IrisVue',
    tags: ['irisvue'],
    schemaVersion: 41,
    version: 1,
    editable: true,
    refresh: '10s',
    time: { from: 'now-1h', to: 'now' },
    templating: { list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }] },
    annotations: { list: [] },
    panels: panelsOf(ROWS),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

if (process.argv[1] === import.meta.filename) {
  const before = await readFile(dashboardPath, 'utf8').catch(() => '');
  if (before !== dashboardJson()) await writeFile(dashboardPath, dashboardJson());
  console.log(before === dashboardJson() ? 'irisvue.json is up to date' : 'irisvue.json written');
}
