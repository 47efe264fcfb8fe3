// A scenario table drawn by hand as tasks: one for each column.
import type { LockMode } from '../../../corpus/schema/lock.js';
import type { Report } from '../../../corpus/schema/report.js';
import { writeCycle } from './cycle.js';
import { lockFacts } from './lock-facts.js';
import type { Actor, Scribe, Taking } from './scribe.js';

/** Makes the episode of one drawn table. Returns how many; 0 if fewer than two locks are taken. */
export function drawnEpisodes(scribe: Scribe, report: Report, index: number): number {
  const columns = [...new Set(report.scenario.map((step) => step.cpu))].sort((a, b) => a - b);
  const heads = typeof report.facts?.['columns'] === 'string' ? report.facts['columns'].split(' | ') : [];
  const actors: Actor[] = [];
  for (const cpu of columns) {
    const held: Taking[] = [];
    let pending: Taking | null = null;
    for (const step of report.scenario) {
      if (step.cpu !== cpu || step.lock === null) continue;
      if (step.action === 'unlock') {
        const at = held.findLastIndex((taking) => taking.lock === step.lock);
        if (at !== -1) held.splice(at, 1);
        if (pending !== null && pending.lock === step.lock) pending = null;
        continue;
      }
      const frames = step.frames ?? [];
      const mode: LockMode = /read|rlock|shared/.test(step.action)
        ? 'read'
        : (lockFacts(step.lock, frames).mode ?? 'exclusive');
      if (pending !== null) held.push(pending);
      pending = {
        lock: step.lock,
        instance: 'drawn',
        address: null,
        mode,
        frames,
        site: frames[0] ?? null,
        line: step.line ?? report.line,
      };
    }
    if (pending === null && held.length === 0) continue;
    const head = heads[cpu] ?? `CPU${cpu}`;
    const inner = /\(([^)]+)\)/.exec(head)?.[1] ?? null;
    actors.push({
      task: { name: inner ?? head, pid: null, function: inner, named: inner === null, runs: 'task' },
      key: null,
      cpu: null,
      irqsOff: false,
      takes: held,
      wants: pending,
    });
  }
  if (
    actors.filter((actor) => actor.wants !== null).length === 0 ||
    actors.every((actor) => actor.takes.length === 0)
  ) {
    scribe.builder.skips.count('no_program_from_report', report.line);
    return 0;
  }
  return writeCycle(scribe, {
    origin: 'scenario',
    report: index,
    actors,
    byClass: true,
    assumes: ['the table drawn in the mail is right: it is a claim of its author, not a recording'],
    ruledOut: [],
    line: report.line,
  });
}
