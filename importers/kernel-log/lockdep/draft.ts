// What a lockdep report has said so far, while its lines are still coming.
import type { ChainLink, LockRef, Report, ReportKind, ScenarioStep } from '../../../corpus/schema/report.js';
import { createHeldList } from './held-list.js';
import type { TaskVerb } from './line-kinds.js';
import type { ScenarioRow } from './scenario-rows.js';
import { scenarioTable } from './scenario-rows.js';

/** A chain link that still gathers frames. */
export interface OpenLink {
  readonly index: number;
  readonly lock: string;
  readonly usage: string | null;
  readonly wait: string | null;
  readonly state: string | null;
  readonly line: number;
  readonly frames: string[];
}

/** Places of a report that name one lock. */
export type Slot = 'wants' | 'holding' | 'nest' | 'other' | 'class';

/** Everything read from the lines of one report, before a kind makes a Report of it. */
export class Draft {
  readonly line: number;
  /** The headline as printed; for an excerpt without one, its first line. */
  title: string;
  readonly headerless: boolean;
  endLine: number;
  kernel: string | null = null;
  tainted: boolean | null = null;
  task: string | null = null;
  pid: number | null = null;
  verb: TaskVerb | null = null;
  context: string | null = null;
  waitContext: string | null = null;
  readonly slots: Partial<Record<Slot, { ref: LockRef; inline: boolean }>> = {};
  newDependency: { readonly from: string; readonly to: string } | null = null;
  irq: string | null = null;
  relation: string | null = null;
  from: string | null = null;
  to: string | null = null;
  nestName: string | null = null;
  readonly chain: OpenLink[] = [];
  chainExists: readonly string[] | null = null;
  readonly rows: ScenarioRow[] = [];
  /** Column of `CPU1`; null for one column; undefined if the table's head was not seen. */
  secondColumn: number | null | undefined = undefined;
  scenarioEnded = false;
  alreadyDepends = false;
  nestingNotation = false;
  reachedTrace = false;
  /** The task that `CPU: n PID: m Comm: c` names above the stack. */
  onCpu: { readonly task: string; readonly pid: number } | null = null;
  readonly held = createHeldList();
  readonly backtrace: string[] = [];
  readonly facts: Record<string, string | number | boolean | null> = {};

  constructor(title: string, line: number, headerless: boolean) {
    this.title = title;
    this.line = line;
    this.endLine = line;
    this.headerless = headerless;
  }

  get wants(): LockRef | null {
    return this.slots.wants?.ref ?? null;
  }
  get holding(): LockRef | null {
    return this.slots.holding?.ref ?? null;
  }
}

/** What a kind adds to, or changes of, the report that every kind shares. */
export interface KindPart {
  /** Where the headline names the task; the task's own line, if there is one, counts more. */
  readonly task?: { readonly task: string; readonly pid: number } | null;
  readonly wants?: LockRef | null;
  readonly holds?: readonly LockRef[];
  readonly facts?: Readonly<Record<string, string | number | boolean | null>>;
  readonly problems?: readonly string[];
}

/** One kind of lockdep report. */
export interface LockdepKind {
  readonly kind: ReportKind;
  /** The words of its headlines, without `WARNING:`, brackets and stars; tested against the whole headline. */
  readonly headline: RegExp;
  /** True if an excerpt without a headline that has read this much is one of this kind. */
  fits(draft: Draft): boolean;
  make(draft: Draft): KindPart;
}

function chainOf(draft: Draft): ChainLink[] {
  return draft.chain.map(({ state, ...link }) => (state === null ? link : { ...link, state }));
}

function scenarioOf(draft: Draft): { steps: readonly ScenarioStep[]; problems: readonly string[] } {
  if (draft.rows.length === 0) return { steps: [], problems: [] };
  const table = scenarioTable(draft.rows, draft.secondColumn ?? null);
  const problems = [
    ...(table.mangled ? ['scenario-mangled'] : []),
    ...(draft.scenarioEnded ? [] : ['scenario-cut']),
  ];
  return { steps: table.steps, problems };
}

/** The report of a draft: the parts that all kinds share, and those of its kind. */
export function reportOf(draft: Draft, kind: LockdepKind): Report {
  const part = kind.make(draft);
  const scenario = scenarioOf(draft);
  const lists = draft.held.lists();
  const problems = [
    ...(draft.task === null && part.task == null ? ['no-task-line'] : []),
    ...(part.problems ?? []),
    ...scenario.problems,
    ...(lists.some((list) => list.locks.length < list.count) ? ['held-count-mismatch'] : []),
    ...(lists.some((list) => list.unreadable > 0) ? ['held-unparsed'] : []),
    ...(draft.reachedTrace || lists.length > 0 ? [] : ['cut-off']),
  ];
  const facts: Record<string, string | number | boolean | null> = { ...draft.facts, ...part.facts };
  if (draft.tainted !== null) facts['tainted'] = draft.tainted;
  if (draft.headerless) facts['headerless'] = true;
  if (draft.chainExists !== null) facts['chain_exists'] = draft.chainExists.join(' --> ');
  const first = lists[0];
  return {
    kind: kind.kind,
    line: draft.line,
    task: draft.task ?? part.task?.task ?? first?.task ?? draft.onCpu?.task ?? null,
    pid: draft.pid ?? part.task?.pid ?? first?.pid ?? draft.onCpu?.pid ?? null,
    wants: part.wants ?? null,
    holds: part.holds ?? [],
    chain: chainOf(draft),
    scenario: scenario.steps,
    held: lists.map(({ task, pid, locks, count }) => ({ task, pid, locks, count })),
    blocked: [],
    title: draft.title,
    endLine: draft.endLine,
    kernel: draft.kernel,
    facts,
    backtrace: draft.backtrace,
    problems,
  };
}
