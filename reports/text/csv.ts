// Rows as comma-separated values, and as columns of plain text.
import type { Cell } from '../../corpus/schema/forms.js';
import { plainName } from './plain-text.js';

/** RFC 4180 but with plain newlines between the rows. */
export function csv(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const field = (cell: Cell) => {
    const text = cell === null ? '' : String(cell);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map((row) => `${row.map(field).join(',')}\n`).join('');
}

/** Columns as wide as their longest value, two blanks between them; every value on its line, none cut. */
export function columnsText(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => row.map((cell) => (cell === null ? '' : plainName(String(cell)))));
  const widths = columns.map((name, i) =>
    texts.reduce((w, row) => Math.max(w, row[i]?.length ?? 0), name.length),
  );
  const line = (row: readonly string[]) =>
    row
      .map((text, i) => text.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width));
  return [columns, rule, ...texts].map((row) => `${line(row)}\n`).join('');
}
