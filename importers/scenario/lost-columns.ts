// Tables whose indentation a mail client ate: finds out which column each row stood in, if only one way makes sense.
import type { PlacedCell } from './rows.js';

/** More lock rows than this are not tried. */
const MOST_LOCKS = 12;

/**
 * Columns of the cells of a table of `columns` columns, in order, or null if no way or more than one makes sense.
 *
 * A way makes sense if the first lock is taken in the first column, nobody takes a lock that it holds, whoever takes a
 * lock that another column holds waits and does nothing more, only such rows are marked as waiting, and in the end at
 * least two columns wait. Functions belong to the lock that follows them.
 */
export function recoverColumns(cells: readonly PlacedCell[], columns: number): readonly PlacedCell[] | null {
  const locks = cells.flatMap(({ cell }) => (cell.is === 'lock' ? [cell] : []));
  if (locks.length < 4 || locks.length > MOST_LOCKS) return null;
  const found: number[][] = [];
  const holder = new Map<string, number>();
  const waiting = new Set<number>();
  const chosen: number[] = [];

  const search = (i: number): void => {
    if (found.length > 1) return;
    const lock = locks[i];
    if (lock === undefined) {
      if (waiting.size >= 2) found.push([...chosen]);
      return;
    }
    for (let column = 0; column < (i === 0 ? 1 : columns); column++) {
      if (waiting.has(column)) continue;
      const owner = holder.get(lock.lock);
      if (lock.does === 'unlock') {
        if (owner !== column) continue;
        holder.delete(lock.lock);
        chosen.push(column);
        search(i + 1);
        chosen.pop();
        holder.set(lock.lock, column);
        continue;
      }
      if (owner === column || (lock.waits && owner === undefined)) continue;
      chosen.push(column);
      if (owner === undefined) holder.set(lock.lock, column);
      else waiting.add(column);
      search(i + 1);
      if (owner === undefined) holder.delete(lock.lock);
      else waiting.delete(column);
      chosen.pop();
    }
  };
  search(0);
  const only = found[0];
  if (only === undefined || found.length > 1) return null;
  let k = 0;
  return cells.map((cell) => {
    const column = only[Math.min(k, only.length - 1)] ?? 0;
    if (cell.cell.is === 'lock') k++;
    return { ...cell, column };
  });
}
