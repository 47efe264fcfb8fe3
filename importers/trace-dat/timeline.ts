// The ring buffers of a file as cursors on timelines: one for each clock, since stamps of different clocks do not compare.
import type { RandomAccess } from '../random-access.js';
import type { Note, RingBuffer } from './container.js';
import type { EventFormat } from './event-format.js';
import type { OpenedTraceDat } from './open.js';
import { type NextWindow, packedPages, plainPages, unpackBudget } from './pages.js';
import { CpuRecords, firstStamp } from './ring-buffer.js';

/** Buffers that share a clock. */
export interface Timeline {
  readonly clock: string;
  /** Stamp that is time 0 of the cursors. */
  readonly base: bigint;
  readonly cursors: readonly CpuRecords[];
}

/** Where every record has its type; kernels agree on 0, but the formats say. */
function typeOffset(formats: Iterable<EventFormat>): number {
  for (const format of formats) {
    const field = format.fields.get('common_type');
    if (field !== undefined && field.size === 2) return field.offset;
  }
  return 0;
}

/** Sets up the cursors of a file, without walking it. */
export function timelinesOf(
  file: RandomAccess,
  { dat, codec }: OpenedTraceDat,
  formats: Iterable<EventFormat>,
  note: Note,
): Timeline[] {
  const { bigEndian, longSize } = dat;
  const cpuCount = dat.buffers.reduce((sum, buffer) => sum + buffer.cpus.length, 0);
  const budget = unpackBudget(file.size, cpuCount);
  const typeAt = typeOffset(formats);
  const byClock = new Map<string, { readonly buffer: RingBuffer; readonly index: number }[]>();
  dat.buffers.forEach((buffer, index) => {
    if (buffer.cpus.length === 0) return;
    const same = byClock.get(buffer.clock);
    if (same === undefined) byClock.set(buffer.clock, [{ buffer, index }]);
    else same.push({ buffer, index });
  });
  return [...byClock].map(([clock, buffers]) => {
    const parts = buffers.flatMap(({ buffer, index }) =>
      buffer.cpus.map((data) => {
        const pages = (tell: Note): NextWindow =>
          buffer.compressed
            ? packedPages(file, data, bigEndian, codec, budget, tell)
            : plainPages(file, data, buffer.pageSize, tell);
        // A look at the first stamp; what is wrong there is told when it is read.
        const first = firstStamp(
          pages(() => {}),
          bigEndian,
        );
        return { buffer, index, data, pages, first };
      }),
    );
    let base = { high: 0, low: 0 };
    let isFirst = true;
    for (const { first } of parts) {
      if (first === null) continue;
      if (isFirst || first.high < base.high || (first.high === base.high && first.low < base.low))
        base = first;
      isFirst = false;
    }
    const cursors = parts.map(
      ({ buffer, index, data, pages }) =>
        new CpuRecords(
          data.cpu,
          index,
          {
            bigEndian,
            longSize,
            pageSize: buffer.pageSize,
            typeOffset: typeAt,
            baseHigh: base.high,
            baseLow: base.low,
          },
          pages(note),
          note,
        ),
    );
    return { clock, base: (BigInt(base.high) << 32n) | BigInt(base.low), cursors };
  });
}
