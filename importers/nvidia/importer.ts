// The importer of nvidia-bug-report.log: its kernel logs as kernel logs, Xid messages as annotations.
import type { CaptureBuilder } from '../builder.js';
import type { Importer } from '../importer.js';
import { archOfMachine } from '../kernel-log/platform.js';
import { peelLine } from '../kernel-log/prefix.js';
import { LogSink } from '../kernel-log/read-log.js';
import type { Source } from '../source.js';
import type { TextBlock } from '../text-blocks.js';
import { PROLOGUE, SectionFilter } from './sections.js';

/** `NVRM: Xid (PCI:0000:01:00): 79, pid=1234, name=x, GPU has fallen off the bus.` (docs.nvidia.com/deploy/xid-errors) */
const XID = /NVRM: Xid \((?:PCI:)?([0-9a-f:.]+)\): (\d+)(?:, *(.*))?$/;
/** `uname -a` in the prologue. */
const UNAME = /^uname: Linux \S+ (\d\S*) .*?\b(x86_64|i686|aarch64|ppc64le|riscv64) (?:\S+ )*GNU\/Linux\s*$/;

function noteXids(builder: CaptureBuilder, block: TextBlock, seen: Set<string>): void {
  if (!block.text.includes('NVRM: Xid')) return;
  block.text.split('\n').forEach((raw, i) => {
    if (!raw.includes('NVRM: Xid')) return;
    const where = block.firstLine + i;
    for (const { text, timeNs } of peelLine(raw, where)) {
      const xid = XID.exec(text.trim());
      if (xid === null) continue;
      const timeUs = timeNs === null ? null : Number(timeNs / 1_000n);
      // dmesg and the journal tell of the same message.
      const key = `${timeUs ?? raw} ${text}`;
      if (seen.has(key)) continue;
      seen.add(key);
      builder.count('xid');
      builder.note({
        what: 'xid',
        where,
        timeUs,
        clock: timeUs === null ? null : 'boot',
        text: text.trim(),
        facts: { xid: Number(xid[2]), device: xid[1] ?? '' },
      });
    }
  });
}

export const nvidiaImporter: Importer = {
  id: 'nvidia',
  priority: 240,
  title: 'nvidia-bug-report.log: kernel logs and Xid messages in it (docs/formats.md)',

  sniff(head) {
    return PROLOGUE.test(head.slice(0, 4_096));
  },

  async read(source: Source, builder: CaptureBuilder): Promise<void> {
    builder.platform('nvidia');
    const filter = new SectionFilter((line) => {
      const uname = UNAME.exec(line);
      if (uname === null) return;
      builder.kernel(uname[1] ?? '');
      const arch = archOfMachine(uname[2] ?? '');
      if (arch !== null) builder.arch(arch);
    });
    const sink = new LogSink(builder);
    const xids = new Set<string>();
    for await (const block of source.blocks()) {
      const logs = filter.block(block);
      sink.block(logs);
      noteXids(builder, logs, xids);
    }
    sink.end();
    const { kernelLogs, others } = filter.counts;
    builder.count('section', kernelLogs + others);
    if (kernelLogs === 0) builder.skips.count('nvidia_without_kernel_log', null);
    if (others > 0) builder.skips.count('nvidia_section_passed_over', null, others);
  },
};
