// Tests of the builder: columns say in full what was told row by row, and rows that are removed leave the others as they were.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventColumns } from '../corpus/schema/event.js';
import { peerAt, whereAt } from '../corpus/schema/event.js';
import type { CaptureId } from '../corpus/schema/ids.js';
import { CaptureBuilder } from './builder.js';

const ABOUT = { id: 'x' as CaptureId, file: 'x', bytes: 1, format: 'x', provenance: 'line' } as const;
const TASKS = 3;
const LOCKS = 4;
const SITES = 5;

/** What is written of row `i`; `far`: places and CPUs that need the full width. */
function rowOf(i: number, far: boolean) {
  return {
    kind: i % 20,
    task: i % TASKS,
    lock: (i % (LOCKS + 1)) - 1,
    mode: i % 3,
    site: i % 7 < SITES ? i % 7 : -1,
    peer: i % 11 < TASKS ? i % 11 : -1,
    cpu: far && i % 5 === 0 ? 300 + (i % 2) : (i % 256) - 1,
    context: i % 4,
    known: i % 3,
    disabled: i % 8,
    episode: Math.floor(i / 40) % 2,
    timeHigh: i % 90 === 0 ? -0x80000000 : Math.floor(i / 50),
    timeLow: (i * 77_777_777) | 0,
    where: far && i % 3 === 0 ? 2 ** 40 + i : i + 1,
  };
}

/**
 * The columns that a builder makes of the rows from 0 to `count`; those of `dropped` and of the lock `without` are written and removed.
 * Locks have the numbers that they had at first.
 */
function built(count: number, far: boolean, dropped: (i: number) => boolean, without = -1): EventColumns {
  const builder = new CaptureBuilder();
  for (let i = 0; i < TASKS; i++)
    builder.task({ name: `t${i}`, pid: i, function: null, named: true, runs: 'task' }, null);
  const klass = builder.lockClass('l', 'mutex', false);
  for (let i = 0; i < LOCKS; i++) builder.lock(klass, `${i}`, `${i}`);
  for (let i = 0; i < 2; i++) builder.episode({ origin: 'trace', basis: 'recorded' });
  const sites = Array.from({ length: SITES }, (_, i) => builder.site(`f${i}`, [`f${i}`]));
  for (let i = 0; i < count; i++) {
    const r = rowOf(i, far);
    const row = builder.row(
      r.kind,
      r.task,
      r.lock,
      r.mode,
      r.peer,
      r.cpu,
      r.context,
      r.known,
      r.disabled,
      r.episode,
      r.timeHigh,
      r.timeLow,
      r.where,
    );
    if (r.site >= 0) builder.setSite(row, sites[r.site]!);
    if (dropped(i)) builder.dropRow(row);
  }
  builder.closeUp(without < 0 ? [] : [without]);
  const { events, locks } = builder.finish(ABOUT);
  events.lock.forEach((lock, row) => {
    if (lock >= 0) events.lock[row] = Number(locks[lock]!.address);
  });
  const named = new Set(events.lock);
  expect(locks.map(({ address }) => Number(address)).filter((lock) => !named.has(lock))).toEqual([]);
  return events;
}

/** The same, written down one by one. */
function expected(rows: readonly number[], far: boolean): EventColumns {
  const all = rows.map((i) => rowOf(i, far));
  const time = (r: (typeof all)[number]) => (BigInt(r.timeHigh) << 32n) | BigInt(r.timeLow >>> 0);
  return {
    kind: Uint8Array.from(all, (r) => r.kind),
    task: Uint32Array.from(all, (r) => r.task),
    lock: Int32Array.from(all, (r) => r.lock),
    mode: Uint8Array.from(all, (r) => r.mode),
    site: Int32Array.from(all, (r) => r.site),
    peer: Int32Array.from(all, (r) => r.peer),
    cpu: Int32Array.from(all, (r) => r.cpu),
    context: Uint8Array.from(all, (r) => r.context),
    known: Uint8Array.from(all, (r) => r.known),
    disabled: Uint8Array.from(all, (r) => r.disabled),
    episode: Uint32Array.from(all, (r) => r.episode),
    timeNs: BigInt64Array.from(all, time),
    where: Float64Array.from(all, (r) => r.where),
  };
}

describe('rows', () => {
  it('that are dropped are gone, and the others close up in order with all that they had', () => {
    const stretches = fc.array(fc.tuple(fc.integer({ min: 1, max: 130 }), fc.boolean()), { maxLength: 12 });
    fc.assert(
      fc.property(stretches, fc.boolean(), fc.integer({ min: -1, max: LOCKS - 1 }), (list, far, without) => {
        const marks = list.flatMap(([n, isDropped]) => new Array<boolean>(n).fill(isDropped));
        const isGone = (i: number) => without >= 0 && rowOf(i, far).lock === without;
        const kept = [...marks.keys()].filter((i) => marks[i] !== true && !isGone(i));
        expect(built(marks.length, far, (i) => marks[i] === true, without)).toEqual(expected(kept, far));
      }),
    );
  });

  it.each([false, true])('that are many say the same, one by one and as columns (far: %s)', (far) => {
    const count = 70_000;
    const rows = Array.from({ length: count }, (_, i) => i).filter((i) => i % 64 !== 0);
    const events = built(count, far, (i) => i % 64 === 0);
    const right = expected(rows, far);
    for (const row of [0, 1, 63, 40_000, rows.length - 1]) {
      expect(peerAt(events, row)).toBe(right.peer[row]);
      expect(whereAt(events, row)).toBe(right.where[row]);
    }
    for (const name of Object.keys(right) as (keyof EventColumns)[])
      expect(Buffer.compare(bytesOf(events[name]), bytesOf(right[name])), name).toBe(0);
    expect(whereAt(events, 40_000)).toBe(right.where[40_000]);
  });
});

function bytesOf(column: EventColumns[keyof EventColumns]): Buffer {
  return Buffer.from(column.buffer, column.byteOffset, column.byteLength);
}
