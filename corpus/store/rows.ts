// The rows by which captures and programs are queried, as values in the order of their columns: written, and checked again.
import type { Capture } from '../schema/capture.js';
import { EVENT_KINDS } from '../schema/event.js';
import type { Program } from '../schema/program.js';
import { canonicalJson } from '../text/json.js';
import { classUse } from './class-use.js';
import { orderEdges } from './order-edges.js';

export type Value = string | number | bigint | null;

const GAP = EVENT_KINDS.indexOf('gap');

/** Rows of one capture, table by table, without the capture's id in front. */
export interface CaptureRows {
  /** file, bytes, format, arch, kernel, platform, events, tasks, locks, classes, gaps. */
  readonly capture: readonly Value[];
  /** n, kind, line, task, pid, wants, holds, title. */
  readonly reports: readonly (readonly Value[])[];
  /** stat, severity, count, first_line, advice. */
  readonly skips: readonly (readonly Value[])[];
  /** class, kind, acquisitions, contended, longest_hold_ns. */
  readonly classes: readonly (readonly Value[])[];
}

export function captureRows(capture: Capture): CaptureRows {
  return {
    capture: [
      capture.file,
      capture.bytes,
      capture.format,
      capture.arch,
      capture.kernel,
      canonicalJson(capture.platform),
      capture.events.kind.length,
      capture.tasks.length,
      capture.locks.length,
      capture.classes.length,
      capture.events.kind.reduce((gaps, kind) => gaps + (kind === GAP ? 1 : 0), 0),
    ],
    reports: capture.reports.map((r, n) => {
      const holds = canonicalJson(r.holds.map((ref) => ref.lock));
      return [n, r.kind, r.line, r.task, r.pid, r.wants?.lock ?? null, holds, r.title];
    }),
    skips: capture.skipped.map((s) => [s.stat, s.severity, s.count, s.first_line, s.advice]),
    classes: classUse(capture).map((u) => [u.class, u.kind, u.acquisitions, u.contended, u.longestHoldNs]),
  };
}

/** n, class_held, class_wanted, mode, ctx, task, site_held, site_wanted, line. */
export function edgeRows(program: Program): (readonly Value[])[] {
  return orderEdges(program).map((e, n) => [
    n,
    e.classHeld,
    e.classWanted,
    e.mode,
    e.ctx,
    e.task,
    e.siteHeld,
    e.siteWanted,
    e.line,
  ]);
}
