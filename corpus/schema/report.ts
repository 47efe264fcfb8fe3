// Reports: what the kernel printed about locks, in the form that `import --json` promises (contract.md section 2).

export const REPORT_KINDS = [
  'circular',
  'recursive',
  'irq-inversion',
  'irq-order',
  'inconsistent-state',
  'hung-task',
  'locks-held',
  'bad-unlock-balance',
  'held-lock-freed',
  'lock-held-at-exit',
  'nested-lock-not-taken',
  'invalid-wait-context',
  'suspicious-rcu',
  'sleeping-in-atomic',
  'rcu-stall',
  'soft-lockup',
  'workqueue-stall',
  'scenario',
  'other-lock',
] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

/** A lock as a report names it. */
export interface LockRef {
  /** As the kernel prints it, without braces and usage: `&dev->mutex`, `kn->active#4`. */
  readonly lock: string;
  /** The usage bits between braces, `+.+.`, or null. */
  readonly usage: string | null;
  /** Hex digits without 0x as printed, or null where hidden or absent. */
  readonly address: string | null;
  /** Function behind `at:`, without offset, or null. */
  readonly site: string | null;
  /** The wait types between `-{` and `}`, as `3:3`, or null. */
  readonly wait?: string | null;
  /** 1-based line on which it is printed. */
  readonly line?: number;
}

/** One `-> #N (lock){usage}:` entry of a dependency chain with the call chain that took it. */
export interface ChainLink {
  readonly index: number;
  readonly lock: string;
  readonly usage: string | null;
  /** Function names, innermost first, without offsets and without the unreliable `?` frames. */
  readonly frames: readonly string[];
  readonly wait?: string | null;
  /** 1-based line on which the link's headline is printed. */
  readonly line?: number;
  /**
   * What the call chain shows in reports that have no `-> #N` chain: `acquired`, `IN-HARDIRQ-W`, `SOFTIRQ-irq-unsafe`
   * (docs/reports.md); absent in a `-> #N` entry.
   */
  readonly state?: string;
}

/** One row of a two-column scenario table. */
export interface ScenarioStep {
  /** Column, counted from 0. */
  readonly cpu: number;
  /** `lock`, `rlock`, `sync`, `<Interrupt>`, `local_irq_disable`, or for hand-drawn tables a function name. */
  readonly action: string;
  readonly lock: string | null;
  /** 1-based line of the row. */
  readonly line?: number;
  /** Functions above the lock call in a table drawn by hand, innermost first. */
  readonly frames?: readonly string[];
}

/** The locks that one task held when the report was printed. */
export interface HeldLocks {
  readonly task: string;
  readonly pid: number;
  readonly locks: readonly LockRef[];
  /** What the headline announces; the list can be shorter because the task ran on. */
  readonly count?: number;
}

/** A task found blocked, with its stack. */
export interface BlockedTask {
  readonly task: string;
  readonly pid: number;
  readonly seconds: number | null;
  /** `D`, `S`, `R`, ... or null. */
  readonly state: string | null;
  /** Function names, innermost first, without offsets, without `?` frames. */
  readonly frames: readonly string[];
  /** 1-based line of its headline. */
  readonly line?: number;
}

/** Who the kernel says owns the lock that a hung task waits for (6.16 and later). */
export interface BlockedOn {
  /** `mutex`, `semaphore`, `rw-semaphore`. */
  readonly type: string;
  readonly task: string | null;
  readonly pid: number | null;
  /** The words of the kernel: `likely owned by`, `likely last held by`, `likely owned by writer`. */
  readonly relation: string;
}

/** One report of the kernel, as printed. Fields that a kind does not have are null or empty. */
export interface Report {
  readonly kind: ReportKind;
  /** 1-based line of the headline in the decoded file. */
  readonly line: number;
  readonly task: string | null;
  readonly pid: number | null;
  readonly wants: LockRef | null;
  readonly holds: readonly LockRef[];
  readonly chain: readonly ChainLink[];
  readonly scenario: readonly ScenarioStep[];
  readonly held: readonly HeldLocks[];
  readonly blocked: readonly BlockedTask[];
  /** The headline, without prefixes. */
  readonly title: string;
  /** 1-based line on which the report ends. */
  readonly endLine?: number;
  readonly blockedOn?: BlockedOn | null;
  /** Kernel release that the report itself names, or null. */
  readonly kernel?: string | null;
  /** Facts of single kinds under stable names: see docs/schema.md, "Facts of a report". */
  readonly facts?: Readonly<Record<string, string | number | boolean | null>>;
  /** The stack of the reporting task behind `stack backtrace:` or `Call Trace:`, innermost first. */
  readonly backtrace?: readonly string[];
  /** What was missing or damaged, as short stable words: `no-scenario`, `chain-incomplete`, ... */
  readonly problems?: readonly string[];
}
