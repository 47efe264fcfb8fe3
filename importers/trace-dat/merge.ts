// Merges the records of all CPUs on one timeline: by time, then by the order in which the file lists CPUs.
import type { CpuRecords } from './ring-buffer.js';

/**
 * Visits records in order until `visit` says false, that it does not take a record. It reads the record out of the cursor and
 * must not call `next`. Returns the cursors that stand at a record which was not taken.
 */
export function mergeRecords(
  cursors: readonly CpuRecords[],
  visit: (record: CpuRecords) => boolean,
): readonly CpuRecords[] {
  // Sorted by time of the record that stands ready, ties by place in the list; the first is next.
  const ready: CpuRecords[] = [];
  const place = new Map<CpuRecords, number>();
  const isBefore = (a: CpuRecords, b: CpuRecords): boolean =>
    a.time < b.time || (a.time === b.time && (place.get(a) ?? 0) < (place.get(b) ?? 0));
  const insert = (cursor: CpuRecords): void => {
    let low = 0;
    let high = ready.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const there = ready[middle];
      if (there !== undefined && isBefore(there, cursor)) low = middle + 1;
      else high = middle;
    }
    ready.splice(low, 0, cursor);
  };
  cursors.forEach((cursor, i) => {
    place.set(cursor, i);
    if (cursor.next()) insert(cursor);
  });
  for (let first = ready.shift(); first !== undefined; first = ready.shift()) {
    const second = ready[0];
    // A CPU keeps its turn while it is ahead: most records need one comparison.
    if (second === undefined) {
      do if (!visit(first)) return [first];
      while (first.next());
      return [];
    }
    const limit = second.time;
    // On a tie the place in the list decides.
    const wins = (place.get(first) ?? 0) < (place.get(second) ?? 0);
    let more: boolean;
    do {
      if (!visit(first)) return [first, ...ready];
      more = first.next();
    } while (more && (first.time < limit || (wins && first.time === limit)));
    if (more) insert(first);
  }
  return [];
}
