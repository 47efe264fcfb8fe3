// The importer of kernel logs: dmesg, journal, syslog, serial consoles, CI logs and mails that quote them.
import type { CaptureBuilder } from '../builder.js';
import type { Importer } from '../importer.js';
import { looksLikeMail, mailBlocks } from '../mail/mail.js';
import type { Source } from '../source.js';
import { TRIGGER } from './headlines.js';
import { LogSink } from './read-log.js';

/** What kernel logs have and other texts have not, besides headlines of reports. */
const KERNEL_LINE =
  /^(?:.{0,80})(?:<\d{1,2}>)? ?\[ *\d+\.\d{2,6} ?\]|\bkernel: |^(?:kern|daemon) *:\w+ *: |Call [Tt]race:|Linux version \d/m;

function importsAnything(head: string): boolean {
  TRIGGER.lastIndex = 0;
  return TRIGGER.test(head) || KERNEL_LINE.test(head);
}

export const kernelLogImporter: Importer = {
  id: 'kernel-log',
  priority: 900,
  title:
    'kernel log: dmesg, journal, syslog, console or CI log, or a mail with one (lockdep reports, hung tasks, stalls)',

  sniff(head) {
    return looksLikeMail(head) || importsAnything(head);
  },

  async read(source: Source, builder: CaptureBuilder): Promise<void> {
    const sink = new LogSink(builder);
    const blocks = looksLikeMail(await source.head())
      ? mailBlocks(source.blocks(), () => builder.skips.count('mail_part_skipped', null))
      : source.blocks();
    for await (const block of blocks) sink.block(block);
    sink.end();
  },
};
