// An interrupt report (inconsistent state, irq order, irq inversion) as tasks: a holder, its interrupt, and who else nests.
import type { LockMode } from '../../../corpus/schema/lock.js';
import type { LockRef, Report, ScenarioStep } from '../../../corpus/schema/report.js';
import { writeCycle } from './cycle.js';
import { lockFacts } from './lock-facts.js';
import { entryFunction, insideInterrupt } from './primitives.js';
import type { Actor, Scribe, Taking } from './scribe.js';

/** The interrupt that the report is about, or null if it is about reclaim or does not say. */
function interruptOf(report: Report): 'hardirq' | 'softirq' | null {
  const words = [
    report.title,
    ...Object.values(report.facts ?? {}).map(String),
    ...report.chain.map((link) => link.usage ?? ''),
  ]
    .join(' ')
    .toUpperCase();
  if (words.includes('RECLAIM_FS')) return null;
  if (/HARDIRQ/.test(words)) return 'hardirq';
  if (/SOFTIRQ/.test(words)) return 'softirq';
  return null;
}

/** The steps of the printed table, or those that the kernel would have printed had the log not been cut. */
function stepsOf(report: Report): readonly ScenarioStep[] | null {
  if (
    report.scenario.some((step) => step.action === '<Interrupt>') &&
    report.scenario.filter((step) => step.lock !== null).length >= 2
  )
    return report.scenario;
  const row = (cpu: number, action: string, lock: string | null): ScenarioStep => ({
    cpu,
    action,
    lock,
    line: report.line,
  });
  const wants = report.wants?.lock ?? null;
  const holds = report.holds[0]?.lock ?? null;
  switch (report.kind) {
    case 'inconsistent-state':
      return wants === null
        ? null
        : [row(0, 'lock', wants), row(0, '<Interrupt>', null), row(0, 'lock', wants)];
    case 'irq-order':
      // Holds the irq-safe lock, wants the irq-unsafe one (kernel/locking/lockdep.c, print_bad_irq_dependency).
      return wants === null || holds === null
        ? null
        : [
            row(0, 'lock', wants),
            row(1, 'local_irq_disable', null),
            row(1, 'lock', holds),
            row(1, 'lock', wants),
            row(0, '<Interrupt>', null),
            row(0, 'lock', holds),
          ];
    case 'irq-inversion': {
      const changed = wants ?? stringFact(report, 'changed');
      const other = holds ?? stringFact(report, 'other');
      if (changed === null || other === null) return null;
      // The safe lock is the one taken in interrupts: the one that changed, unless "this lock was taken by another".
      const [safe, unsafe] = tookAnother(report) ? [changed, other] : [other, changed];
      return [
        row(0, 'lock', unsafe),
        row(1, 'local_irq_disable', null),
        row(1, 'lock', safe),
        row(1, 'lock', unsafe),
        row(0, '<Interrupt>', null),
        row(0, 'lock', safe),
      ];
    }
    default:
      return null;
  }
}

/** For an irq inversion: true if the lock that changed its state took the other, false if it was taken by it. */
function tookAnother(report: Report): boolean {
  return report.kind === 'irq-inversion' && !/taken by/.test(stringFact(report, 'relation') ?? '');
}

function stringFact(report: Report, name: string): string | null {
  const value = report.facts?.[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Makes the episode of one interrupt report. Returns how many; 0 if the report lacks the facts. */
export function interruptEpisodes(scribe: Scribe, report: Report, index: number): number {
  const irq = interruptOf(report);
  const steps = stepsOf(report);
  if (steps === null || irq === null) {
    scribe.builder.skips.count('no_program_from_report', report.line);
    return 0;
  }
  const refs: LockRef[] = [
    ...(report.wants === null ? [] : [report.wants]),
    ...report.holds,
    ...report.held.flatMap((held) => held.locks),
  ];
  /** Call chain of a lock in one state: printed under that state, or the backtrace of the task that just got into it. */
  const framesOf = (lock: string, state: RegExp): readonly string[] => {
    const links = report.chain.filter((link) => link.lock === lock);
    const printed = links.find((link) => state.test(link.state ?? ''));
    if (printed !== undefined) return printed.frames;
    const now =
      stringFact(report, 'to') ??
      (report.kind === 'irq-inversion' && lock === report.wants?.lock
        ? tookAnother(report)
          ? 'IN-IRQ'
          : 'IRQ-ON-W'
        : '');
    return state.test(now) ? (report.backtrace ?? []) : [];
  };
  const taking = (
    step: ScenarioStep & { readonly lock: string },
    frames: readonly string[],
    site: string | null,
  ): Taking => {
    const mode: LockMode =
      step.action === 'rlock' ? 'read' : (lockFacts(step.lock, frames).mode ?? 'exclusive');
    return {
      lock: step.lock,
      instance: 'cycle',
      address: refs.find((ref) => ref.lock === step.lock)?.address ?? null,
      mode,
      frames,
      site,
      line: step.line ?? report.line,
    };
  };
  const hasLock = (step: ScenarioStep): step is ScenarioStep & { readonly lock: string } =>
    step.lock !== null;

  const actors: Actor[] = [];
  const ends: { task: string; lock: string }[] = [];
  for (const cpu of [...new Set(steps.map((step) => step.cpu))].sort((a, b) => a - b)) {
    const own = steps.filter((step) => step.cpu === cpu);
    const cut = own.findIndex((step) => step.action === '<Interrupt>');
    const before = (cut === -1 ? own : own.slice(0, cut)).filter(hasLock);
    const after = cut === -1 ? [] : own.slice(cut + 1).filter(hasLock);
    const off = own.some((step) => /irq_disable|bh_disable/.test(step.action));
    const last = before[before.length - 1];
    if (last === undefined) continue;
    const blocks = before.length > 1 && cut === -1;
    const reporter = report.kind === 'irq-order' && off;
    const chain = cut === -1 ? framesOf(last.lock, /^acquired/) : framesOf(last.lock, /-ON-|unsafe/);
    const entry = entryFunction(chain);
    actors.push({
      task: {
        name: reporter && report.task !== null ? report.task : (entry ?? `cpu${cpu}`),
        pid: reporter ? report.pid : null,
        function: entry,
        named: reporter,
        runs: 'task',
      },
      key: null,
      cpu,
      irqsOff: off,
      takes: (blocks ? before.slice(0, -1) : before).map((step) =>
        taking(
          step,
          cut === -1 ? [] : framesOf(step.lock, /-ON-|unsafe/),
          reporter ? (report.holds[0]?.site ?? null) : null,
        ),
      ),
      wants: blocks ? taking(last, chain, reporter ? (report.wants?.site ?? null) : null) : null,
    });
    ends.push({ task: `cpu${cpu}`, lock: last.lock });
    const handler = after[after.length - 1];
    if (handler === undefined) continue;
    const inside = insideInterrupt(framesOf(handler.lock, /IN-|-safe/));
    const handlerEntry = inside[inside.length - 1] ?? null;
    actors.push({
      task: {
        name: handlerEntry ?? (irq === 'hardirq' ? 'hardirq' : 'softirq'),
        pid: null,
        function: handlerEntry,
        named: false,
        runs: irq,
      },
      key: null,
      cpu,
      irqsOff: false,
      takes: after.slice(0, -1).map((step) => taking(step, [], null)),
      wants: taking(
        handler,
        inside,
        handler.lock === report.wants?.lock && tookAnother(report) ? report.wants.site : null,
      ),
    });
  }
  // `Chain exists of: A --> B --> C`: the table shows A and B; somebody takes C inside B.
  const path = stringFact(report, 'chain_exists')?.split(' --> ') ?? [];
  for (let k = 1; k + 1 < path.length; k++) {
    const [held, wanted] = [path[k]!, path[k + 1]!];
    actors.push({
      task: { name: `nests ${held}`, pid: null, function: null, named: false, runs: 'task' },
      key: null,
      cpu: null,
      irqsOff: false,
      takes: [taking({ cpu: 2, action: 'lock', lock: held, line: report.line }, [], null)],
      wants: taking(
        { cpu: 2, action: 'lock', lock: wanted, line: report.line },
        framesOf(wanted, /^acquired/),
        null,
      ),
    });
  }
  if (!actors.some((actor) => actor.task.runs !== 'task')) {
    scribe.builder.skips.count('no_program_from_report', report.line);
    return 0;
  }
  return writeCycle(scribe, {
    origin: report.kind,
    report: index,
    actors,
    byClass: true,
    assumes: [],
    ruledOut: [],
    line: report.line,
  });
}
