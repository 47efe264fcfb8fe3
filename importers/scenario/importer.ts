// The importer of mails and notes that explain a deadlock by a drawing and hold no kernel log.
import type { CaptureBuilder } from '../builder.js';
import type { Importer } from '../importer.js';
import { assembleEpisodes } from '../kernel-log/episodes/assemble.js';
import { TRIGGER } from '../kernel-log/headlines.js';
import { looksLikeMail, mailBlocks } from '../mail/mail.js';
import type { Source } from '../source.js';
import { DrawnReader } from './reader.js';

function holdsKernelLog(head: string): boolean {
  TRIGGER.lastIndex = 0;
  return TRIGGER.test(head);
}

export const scenarioImporter: Importer = {
  id: 'scenario',
  priority: 850,
  title: 'mail or note with a hand-drawn table of tasks and locks, or call chains marked with locks',

  sniff(head) {
    if (holdsKernelLog(head)) return false;
    const reader = new DrawnReader();
    reader.block({ text: head, firstLine: 1, lines: 0 });
    return reader.end().length > 0;
  },

  async read(source: Source, builder: CaptureBuilder): Promise<void> {
    const reader = new DrawnReader();
    const blocks = looksLikeMail(await source.head())
      ? mailBlocks(source.blocks(), () => builder.skips.count('mail_part_skipped', null))
      : source.blocks();
    for await (const block of blocks) reader.block(block);
    for (const report of reader.end()) {
      builder.report(report);
      builder.count(report.kind);
    }
    assembleEpisodes(builder);
  },
};
