// The importer of kernel logs: dmesg, journal, syslog, serial consoles, CI logs and mails that quote them.
import type { Report } from '../../corpus/schema/report.js';
import type { CaptureBuilder } from '../builder.js';
import type { Importer } from '../importer.js';
import { looksLikeMail, mailBlocks } from '../mail/mail.js';
import { DrawnReader, drawnOutside } from '../scenario/reader.js';
import type { Source } from '../source.js';
import { assembleEpisodes } from './episodes/assemble.js';
import { TRIGGER } from './headlines.js';
import { KernelLogReader } from './reader.js';
import { RECOGNISERS } from './recognisers.js';

/** What kernel logs have and other texts have not, besides headlines of reports. */
const KERNEL_LINE =
  /^(?:.{0,80})(?:<\d{1,2}>)? ?\[ *\d+\.\d{2,6} ?\]|\bkernel: |^(?:kern|daemon) *:\w+ *: |Call [Tt]race:|Linux version \d/m;

function importsAnything(head: string): boolean {
  TRIGGER.lastIndex = 0;
  return TRIGGER.test(head) || KERNEL_LINE.test(head);
}

/** True for a report whose headline is all there is. */
function saysNothing(report: Report): boolean {
  return (
    report.task === null &&
    report.wants === null &&
    report.holds.length === 0 &&
    report.chain.length === 0 &&
    report.held.length === 0 &&
    report.blocked.length === 0 &&
    report.scenario.length === 0 &&
    (report.backtrace ?? []).length === 0
  );
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
    const reader = new KernelLogReader(RECOGNISERS, builder.skips);
    const blocks = looksLikeMail(await source.head())
      ? mailBlocks(source.blocks(), () => builder.skips.count('mail_part_skipped', null))
      : source.blocks();
    const drawings = new DrawnReader();
    for await (const block of blocks) {
      reader.block(block);
      drawings.block(block);
    }
    const { reports: printed, version, machine } = reader.end();
    const reports = [...printed, ...drawnOutside(drawings.end(), printed)].sort((a, b) => a.line - b.line);
    for (const report of reports) {
      builder.report(report);
      builder.count(report.kind);
      for (const list of report.held)
        if (list.locks.length === 0 && (list.count ?? 0) > 0)
          builder.skips.count('running_task_without_list', report.line);
      if (saysNothing(report)) builder.skips.count('report_without_facts', report.line);
      if (report.kernel != null) builder.kernel(report.kernel);
    }
    if (version !== null) builder.kernel(version);
    const kernel = reports.find((report) => report.kernel != null)?.kernel ?? version;
    const arch = machine.arch(kernel);
    if (arch !== null) builder.arch(arch);
    for (const tag of machine.platforms(reports, kernel)) builder.platform(tag);
    assembleEpisodes(builder);
  },
};
