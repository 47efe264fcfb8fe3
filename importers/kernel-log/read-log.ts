// Reads a source of kernel text into a builder: reports of the kernel, tables drawn by hand, listings of stacks, phases of tests.
import type { Report } from '../../corpus/schema/report.js';
import type { CaptureBuilder } from '../builder.js';
import { TracesInside } from '../ftrace/inside-log.js';
import { ListingReader } from '../listing/reader.js';
import { DrawnReader, drawnOutside } from '../scenario/reader.js';
import type { TextBlock } from '../text-blocks.js';
import { assembleEpisodes } from './episodes/assemble.js';
import { PhaseNotes } from './phases.js';
import { KernelLogReader } from './reader.js';
import { RECOGNISERS } from './recognisers.js';

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

/** Gathers a text block by block and, at its end, writes everything into the builder. */
export class LogSink {
  readonly #builder: CaptureBuilder;
  readonly #reader: KernelLogReader;
  readonly #drawings = new DrawnReader();
  readonly #listings: ListingReader;
  readonly #traces: TracesInside;
  readonly #phases: PhaseNotes;

  /** `listing`: the text is a listing of stacks as a whole, of any length. */
  constructor(builder: CaptureBuilder, listing = false) {
    this.#builder = builder;
    this.#reader = new KernelLogReader(RECOGNISERS, builder.skips);
    this.#listings = new ListingReader(listing);
    this.#traces = new TracesInside(builder);
    this.#phases = new PhaseNotes(builder);
  }

  block(block: TextBlock): void {
    this.#reader.block(block);
    this.#drawings.block(block);
    this.#listings.block(block);
    this.#traces.block(block);
    this.#phases.block(block);
  }

  end(): void {
    const builder = this.#builder;
    const { reports: printed, version, machine } = this.#reader.end();
    const listings = this.#listings.end();
    const reports = [...printed, ...drawnOutside(this.#drawings.end(), printed), ...listings.reports].sort(
      (a, b) => a.line - b.line,
    );
    for (const report of reports) {
      builder.report(report);
      builder.count(report.kind);
      for (const list of report.held)
        if (list.locks.length === 0 && (list.count ?? 0) > 0)
          builder.skips.count('running_task_without_list', report.line);
      if (saysNothing(report)) builder.skips.count('report_without_facts', report.line);
      if (report.kernel != null) builder.kernel(report.kernel);
    }
    for (const [name, times] of listings.counts) builder.count(name, times);
    if (version !== null) builder.kernel(version);
    if (listings.kernel !== null) builder.kernel(listings.kernel);
    for (const report of listings.reports)
      for (const task of report.blocked) for (const frame of task.frames) machine.note(`${frame}+0x0/0x0`);
    for (const module of listings.modules) machine.module(module);
    const kernel = reports.find((report) => report.kernel != null)?.kernel ?? version ?? listings.kernel;
    if (listings.machine !== null) machine.named(listings.machine);
    const arch = machine.arch(kernel);
    if (arch !== null) builder.arch(arch);
    for (const tag of machine.platforms(reports, kernel)) builder.platform(tag);
    assembleEpisodes(builder);
    this.#traces.end();
  }
}
