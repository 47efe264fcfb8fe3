// Rows as a drawn table: with lines on a terminal, in ASCII elsewhere.
import Table from 'cli-table3';
import type { Cell } from '../corpus/schema/forms.js';
import { plainName } from '../reports/text/plain-text.js';

const ASCII = {
  top: '-',
  'top-mid': '+',
  'top-left': '+',
  'top-right': '+',
  bottom: '-',
  'bottom-mid': '+',
  'bottom-left': '+',
  'bottom-right': '+',
  left: '|',
  'left-mid': '+',
  mid: '-',
  'mid-mid': '+',
  right: '|',
  'right-mid': '+',
  middle: '|',
} as const;

/** A drawn table without colours. One rule below the head, none between rows. */
export function drawn(
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  lines: boolean,
): string {
  const quietRules = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
  const table = new Table({
    head: [...columns],
    style: { head: [], border: [], compact: true },
    chars: lines ? {} : ASCII,
    ...(rows.length === 0 ? { chars: { ...(lines ? {} : ASCII), ...quietRules } } : {}),
  });
  for (const row of rows) table.push(row.map((cell) => (cell === null ? '' : shown(String(cell)))));
  return `${table.toString()}\n`;
}

/** Texts of several lines stand as such; a name with a newline in it, which is no line's end, stays on its line. */
function shown(text: string): string {
  return text.endsWith('\n') || text.split('\n').length > 2 ? text : plainName(text);
}
