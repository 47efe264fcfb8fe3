// The importer of the s390 debug feature: records of its sprintf and hex_ascii views as annotations in time.
import type { CaptureBuilder } from '../builder.js';
import type { Importer } from '../importer.js';
import type { Source } from '../source.js';
import { type DebugRecord, readDebugLine, readZpci } from './record.js';

/** Lines of the head that are looked at. */
const SNIFFED = 100;
/** `==> /sys/kernel/debug/s390dbf/cio_msg/sprintf <==` of head and tail; `pci_msg/sprintf:` of grep. */
const HEADING = /^(?:==> )?(?:\S*\/)?([\w.-]+)\/(?:sprintf|hex_ascii)(?: <==|:)\s*$/;
const COMMENT = /^\s*(?:#.*)?$/;

function noteRecord(
  builder: CaptureBuilder,
  record: DebugRecord,
  feature: string | null,
  where: number,
): void {
  const { timeUs, cpu, text, level, isException, caller, area, bytes, view } = record;
  const zpci = view === 'sprintf' ? readZpci(text) : null;
  builder.count(view);
  builder.note({
    what: zpci === null ? 's390dbf' : 'zpci',
    where,
    timeUs,
    clock: 'utc',
    cpu,
    text,
    facts: {
      ...zpci,
      level,
      exception: isException ? 1 : 0,
      caller,
      area,
      view,
      ...(bytes === null ? {} : { bytes }),
      ...(feature === null ? {} : { feature }),
    },
  });
}

export const s390dbfImporter: Importer = {
  id: 's390dbf',
  priority: 280,
  title: 's390 debug feature: sprintf and hex_ascii views of cio, zpci and others (docs/formats.md)',

  sniff(head) {
    let records = 0;
    let others = 0;
    for (const line of head.split('\n', SNIFFED)) {
      if (COMMENT.test(line) || HEADING.test(line)) continue;
      if (readDebugLine(line).records.length > 0) records++;
      else others++;
    }
    return records > 0 && records >= others;
  },

  async read(source: Source, builder: CaptureBuilder): Promise<void> {
    let no = 0;
    let feature: string | null = null;
    let records = 0;
    for await (const batch of source.lines())
      for (const line of batch) {
        no++;
        if (COMMENT.test(line)) continue;
        const { before, records: found } = readDebugLine(line);
        const heading = HEADING.exec(before.trim());
        if (heading !== null) feature = heading[1] ?? null;
        else if (found.length === 0) builder.skips.count('s390dbf_line_unreadable', no);
        for (const record of found) noteRecord(builder, record, feature, no);
        records += found.length;
      }
    if (records === 0) return;
    builder.arch('s390x');
    builder.platform('s390');
  },
};
