// The importer of trace.dat files (trace-cmd, versions 6 and 7).
import type { CaptureBuilder } from '../builder.js';
import { TraceMachine } from '../ftrace/platform.js';
import type { Importer } from '../importer.js';
import type { RandomAccess } from '../random-access.js';
import { LockEventMapper } from '../trace-events/mapper.js';
import { RecordClock, unitOf } from './clock.js';
import type { Note } from './container.js';
import { eventsById } from './events.js';
import { Feed } from './feed.js';
import { mergeRecords } from './merge.js';
import { isTraceDat, openTraceDat } from './open.js';
import { timelinesOf } from './timeline.js';

/** About the least that a record with a lock takes, in bytes. */
const RECORD_BYTES = 32;
const MOST_IDS = 1 << 16;

/**
 * Reads a whole file into `builder`. Of the events those are kept that there is room for, so that memory does not grow with the file;
 * behind them records are counted, and that is told.
 */
export async function readTraceDat(file: RandomAccess, builder: CaptureBuilder): Promise<void> {
  const note: Note = (stat, times = 1) => builder.skips.count(stat, null, times);
  const opened = await openTraceDat(file, note);
  if (opened === null) return;
  const { dat } = opened;
  const { uname } = dat.options;
  // `Linux host release machine`; a host name has no blanks.
  const words = uname?.split(' ') ?? [];
  if (words.length >= 4) {
    builder.kernel(words[2] ?? '');
    builder.arch(words[3] ?? '');
    if (words[3] === 's390x') builder.platform('s390');
  }
  const formats = eventsById(dat.formats, note);
  const timelines = timelinesOf(file, opened, formats.values(), note);
  if (timelines.length > 1) note('trace_dat_clocks_differ');
  const mapper = new LockEventMapper(builder, { addressDigits: 2 * dat.longSize });
  const machine = new TraceMachine();
  const feed = new Feed(mapper, dat, formats.values(), machine);
  const data = dat.buffers.flatMap(({ cpus, compressed }) =>
    cpus.map(({ size }) => (compressed ? 6 : 1) * size),
  );
  builder.expectRows(Math.ceil(data.reduce((sum, size) => sum + size, 0) / RECORD_BYTES));
  const counts = new Float64Array(MOST_IDS);
  let unknown = 0;
  let lost = 0;
  let beyond = 0;
  let isFirst = true;
  for (const { clock, base, cursors } of timelines) {
    if (unitOf(clock, dat.options.tsc) === 'count') note('trace_dat_clock_without_time');
    feed.useClock(new RecordClock(base, dat.options.offsetNs, clock === 'x86-tsc' ? dat.options.tsc : null));
    // Stamps of another clock say nothing of what came before.
    if (!isFirst) mapper.lost();
    isFirst = false;
    const rest = mergeRecords(cursors, (record) => {
      if (mapper.isFull) return false;
      if (record.lost !== 0) {
        lost += Math.max(1, record.lost);
        mapper.lost();
      }
      if (record.type < 0) unknown++;
      else {
        counts[record.type]!++;
        feed.take(record);
      }
      return true;
    });
    // What is not kept is counted, in whatever order.
    for (const cursor of rest) {
      const before = cursor.count;
      const untyped = unknown;
      do {
        if (cursor.lost !== 0) lost += Math.max(1, cursor.lost);
        if (cursor.type < 0) unknown++;
        else counts[cursor.type]!++;
      } while (cursor.next());
      beyond += cursor.count - before + 1 - (unknown - untyped);
    }
  }
  mapper.finish();
  machine.tell(builder);
  if (lost > 0) note('records_lost', lost);
  if (beyond > 0) note('trace_dat_rows_beyond', beyond);
  counts.forEach((count, id) => {
    if (count === 0) return;
    const format = formats.get(id);
    if (format === undefined) unknown += count;
    else builder.count(format.name, count);
  });
  if (unknown > 0) {
    builder.count('unknown', unknown);
    note('trace_dat_format_missing', unknown);
  }
}

export const traceDatImporter: Importer = {
  id: 'trace-dat',
  priority: 50,
  title: 'trace.dat of trace-cmd, versions 6 and 7',
  provenance: 'byte',
  sniff: (head) => head.startsWith('\u0017\u0008Dtracing'),
  sniffBytes: isTraceDat,
  async read(source, builder) {
    const file = await source.randomAccess();
    try {
      await readTraceDat(file, builder);
    } finally {
      file.close();
    }
  },
};
