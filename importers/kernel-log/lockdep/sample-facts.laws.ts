// Test support: samples of reports under a header of expected facts, and reports written in the header's form.
import type { LockRef, Report } from '../../../corpus/schema/report.js';
import { SkipCounter } from '../../skips.js';
import type { ReportRecogniser } from '../line.js';
import { KernelLogReader } from '../reader.js';

/** A sample: header lines `key: value`, a line `---`, and the log. */
export interface Sample {
  readonly facts: string;
  readonly log: string;
}

export function parseSample(text: string): Sample {
  const cut = text.indexOf('\n---\n');
  if (cut < 0) throw new Error('a sample needs a line `---` between its facts and its log');
  return { facts: text.slice(0, cut), log: text.slice(cut + 5) };
}

/** Reads a log as the importer of kernel logs does, with the given recognisers only. */
export function readReports(log: string, recognisers: readonly ReportRecogniser[]): readonly Report[] {
  const reader = new KernelLogReader(recognisers, new SkipCounter());
  reader.block({ text: log, firstLine: 1, lines: log.split('\n').length });
  return reader.end().reports;
}

function lock(ref: LockRef): string {
  const parts = [
    ref.usage === null ? null : `{${ref.usage}}`,
    ref.wait == null ? null : `-{${ref.wait}}`,
    ref.address,
    ref.site === null ? null : `at ${ref.site}`,
  ];
  return [ref.lock, ...parts.filter((part) => part !== null)].join(' ');
}

/** The facts of a report, a line each, without line numbers: what a header says and a law compares. */
export function factLines(report: Report): string[] {
  const lines = [`kind: ${report.kind}`, `title: ${report.title}`];
  if (report.task !== null) lines.push(`task: ${report.task}/${report.pid}`);
  if (report.kernel != null) lines.push(`kernel: ${report.kernel}`);
  if (report.wants !== null) lines.push(`wants: ${lock(report.wants)}`);
  for (const ref of report.holds) lines.push(`holds: ${lock(ref)}`);
  for (const link of report.chain) {
    const usage = link.usage === null ? '' : ` {${link.usage}}`;
    const state = link.state === undefined ? '' : ` [${link.state}]`;
    lines.push(`chain: #${link.index} ${link.lock}${usage}${state}: ${link.frames.join(' < ')}`);
  }
  for (const step of report.scenario)
    lines.push(`scenario: CPU${step.cpu} ${step.action}${step.lock === null ? '' : ` ${step.lock}`}`);
  for (const list of report.held) {
    lines.push(`held: ${list.task}/${list.pid} ${list.count}`);
    for (const ref of list.locks) lines.push(`held lock: ${lock(ref)}`);
  }
  for (const [name, value] of Object.entries(report.facts ?? {}))
    if (value !== null) lines.push(`fact: ${name} = ${value}`);
  if ((report.backtrace ?? []).length > 0) lines.push(`backtrace: ${report.backtrace?.join(' < ')}`);
  if ((report.problems ?? []).length > 0) lines.push(`problems: ${report.problems?.join(' ')}`);
  return lines;
}

/** Facts of all reports of a log, with the lines where each begins and ends. */
export function factsOf(reports: readonly Report[]): string {
  return reports
    .map((report) => [`lines: ${report.line}-${report.endLine}`, ...factLines(report)].join('\n'))
    .join('\n\n');
}
