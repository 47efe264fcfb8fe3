// The two-column table `Possible unsafe locking scenario`: rows, and the column of each.
import type { ScenarioStep } from '../../../corpus/schema/report.js';

/** A row before its column is known. */
export interface ScenarioRow {
  /** Blanks before the text, tabs expanded. */
  readonly indent: number;
  readonly action: string;
  readonly lock: string | null;
  readonly line: number;
}

/** The table with columns assigned. */
export interface ScenarioTable {
  readonly steps: readonly ScenarioStep[];
  /** True if the indentation was lost, so that the columns were taken from the order the kernel always prints. */
  readonly mangled: boolean;
}

/** The actions that lockdep prints: print_circular_lock_scenario() and its kin, `rlock` and `sync` since 6.3. */
const ROW = /^(lock|rlock|sync)\((.+)\)\s*;?$/;
const BROKEN_ROW = /^(?:lock|rlock|sync)\(.*[^;]$/;

/** True if every parenthesis that opens closes again: names hold whole pairs. */
function isBalanced(text: string): boolean {
  let depth = 0;
  for (const char of text) {
    if (char === '(') depth++;
    else if (char === ')' && --depth < 0) return false;
  }
  return depth === 0;
}

/** Width of the blanks before a text, with tabs to columns of eight. */
export function indentOf(text: string): number {
  let column = 0;
  for (const char of text) {
    if (char === ' ' || char === '\u00a0') column++;
    else if (char === '\t') column += 8 - (column % 8);
    else break;
  }
  return column;
}

/** Reads one row of the table, or null. */
export function parseRow(text: string, line: number): ScenarioRow | null {
  const indent = indentOf(text);
  const row = text.trim();
  const lock = isBalanced(row) ? ROW.exec(row) : null;
  if (lock?.[1] !== undefined && lock[2] !== undefined)
    return { indent, action: lock[1], lock: lock[2], line };
  if (/^local_irq_disable\(\)\s*;?$/.test(row))
    return { indent, action: 'local_irq_disable', lock: null, line };
  if (/^<Interrupt>$/i.test(row)) return { indent, action: '<Interrupt>', lock: null, line };
  return null;
}

/** True for a row that a mail client cut inside its parentheses. */
export function isBrokenRow(text: string): boolean {
  const row = text.trim();
  return BROKEN_ROW.test(row) && !(isBalanced(row) && ROW.test(row));
}

const CIRCULAR_ORDER: readonly number[] = [0, 1, 1, 0];
const IRQ_ORDER: readonly number[] = [0, 1, 1, 1, 0, 0];

/**
 * Assigns the columns. `second` is the column of `CPU1` in the table's head, or null for a table of one column.
 *
 * Where mail clients ate the indentation of some rows, the order that the kernel always prints decides: the first row
 * is CPU0's; then CPU1's until `<Interrupt>`, or until the last row (kernel/locking/lockdep.c,
 * print_circular_lock_scenario, print_irq_lock_scenario).
 */
export function scenarioTable(rows: readonly ScenarioRow[], second: number | null): ScenarioTable {
  if (second === null) {
    return { steps: rows.map(({ action, lock, line }) => ({ cpu: 0, action, lock, line })), mangled: false };
  }
  // `CPU1` stands at 31, its rows at 31 and CPU0's at 2 or 4: halfway tells them apart even if some blanks are gone.
  const byIndent = rows.map(({ indent }) => (indent * 2 > second ? 1 : 0));
  const order = rows[1]?.action === 'local_irq_disable' ? IRQ_ORDER : CIRCULAR_ORDER;
  const interrupt = rows.findIndex(({ action }) => action === '<Interrupt>');
  // A table that lacks rows in its middle has only its indentation.
  const inOrder =
    order === IRQ_ORDER
      ? rows.length <= order.length && (interrupt < 0 ? rows.length <= 4 : interrupt === 4)
      : rows.length === order.length && interrupt < 0;
  const byOrder = rows.map((_, i) => order[i] ?? 0);
  const mangled = inOrder && byIndent.some((cpu, i) => cpu !== byOrder[i]);
  const cpus = inOrder ? byOrder : byIndent;
  return {
    steps: rows.map(({ action, lock, line }, i) => ({ cpu: cpus[i] ?? 0, action, lock, line })),
    mangled,
  };
}
