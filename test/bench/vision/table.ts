/** Rows of text under a title, aligned: the first column to the left, the others to the right. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What a reader must know: definitions, aims, what was not run. */
  readonly notes?: readonly string[];
}

/** The table as lines of text. */
export function textOf({ title, columns, rows, notes = [] }: Table): string {
  const all = [columns, ...rows];
  const widths = columns.map((_, i) => Math.max(...all.map((row) => (row[i] ?? '').length)));
  const left = leftColumns(rows);
  const line = (row: readonly string[]): string =>
    widths.map((width, i) => (i < left ? (row[i] ?? '').padEnd(width) : (row[i] ?? '').padStart(width))).join('  ');
  return [title, ...all.map((row) => `  ${line(row).trimEnd()}`), ...notes.map((note) => `  · ${note}`)].join('\n');
}

/** Words stand to the left, numbers to the right: the columns from the left that hold no number. */
export function leftColumns(rows: readonly (readonly string[])[]): number {
  const isNumber = (cell: string | undefined): boolean => /^[-+]?[\d.]+|^-$/.test(cell ?? '');
  const first = (rows[0] ?? []).findIndex((_, i) => i > 0 && rows.some((row) => isNumber(row[i])));
  return first < 0 ? 1 : first;
}

/** A number with so many digits after the point; "-" when there is none. */
export function cell(value: number | undefined, digits: number, unit = ''): string {
  if (value === undefined || Number.isNaN(value)) return '-';
  return `${value.toFixed(digits)}${unit}`;
}

/** A share of 0 to 1 in per cent. */
export function percent(share: number | undefined, digits = 1): string {
  return cell(share === undefined ? undefined : 100 * share, digits, ' %');
}
