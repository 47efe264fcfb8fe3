// The importer of trace.dat files (trace-cmd, versions 6 and 7).
import type { CaptureBuilder } from '../builder.js';
import type { Importer } from '../importer.js';
import type { RandomAccess } from '../random-access.js';
import { eventsById } from './events.js';
import { mergeRecords } from './merge.js';
import { isTraceDat, openTraceDat } from './open.js';
import { timelinesOf } from './timeline.js';

async function readTraceDat(file: RandomAccess, builder: CaptureBuilder): Promise<void> {
  const note = (stat: Parameters<typeof builder.skips.count>[0], times = 1): void =>
    builder.skips.count(stat, null, times);
  const opened = await openTraceDat(file, note);
  if (opened === null) return;
  const formats = eventsById(opened.dat.formats, note);
  const counts = new Float64Array(1 << 16);
  let unknown = 0;
  for (const timeline of timelinesOf(file, opened, formats.values(), note))
    mergeRecords(timeline.cursors, (record) => {
      if (record.type >= 0) counts[record.type]!++;
      else unknown++;
    });
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
