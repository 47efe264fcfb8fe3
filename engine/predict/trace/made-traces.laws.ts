// Made traces: small random recordings as rows, and what there is to know of one, written plainly from its rows.
import { type Dice, madeRecording } from '../../lower/trace/made-recordings.laws.js';
import type { TraceDependency } from './dependencies.js';
import type { Moment } from './moments.js';
import type { Pattern } from './patterns.js';
import { ACQUIRE, FORK, JOIN, READ, RELEASE, REQUEST, type Trace, traceOf, WRITE } from './trace.js';

const KINDS = {
  acq: ACQUIRE,
  rel: RELEASE,
  req: REQUEST,
  w: WRITE,
  r: READ,
  fork: FORK,
  join: JOIN,
} as const;
const LOCKS = 3;
const VARIABLES = 2;
export const THREADS = 4;
/** Locks, and variables behind them, in one numbering. */
export const RESOURCES = LOCKS + VARIABLES;

/** Dice of a seed: xorshift of 32 bits. */
export function diceOf(seed: number): Dice {
  let x = (seed ^ 0x9e3779b9) | 1;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

/** Rows that belong to no recording stand before and behind it. */
const PADDING = 5;

/** How a made trace is numbered: its threads and locks may be few among many that do nothing. */
export interface Numbering {
  readonly threads: number;
  readonly locks: number;
}

/**
 * A random trace. `wild`: releases that were not recorded, or by another thread than the holder; requests that were never granted;
 * forks that happen again, and of a thread that runs already.
 */
export function madeTrace(
  dice: Dice,
  length: number,
  wild: boolean,
  { threads, locks }: Numbering = { threads: THREADS, locks: RESOURCES },
): Trace {
  const rows: { kind: number; task: number; lock: number; peer: number }[] = [];
  const anything = (): void => {
    const lock = dice(RESOURCES);
    rows.push({ kind: dice(12), task: dice(THREADS), lock, peer: dice(THREADS) });
  };
  for (let i = 0; i < PADDING; i++) anything();
  for (const { t, verb, arg } of madeRecording(dice, length)) {
    const number = Number(arg.slice(1));
    const isTask = arg.startsWith('T');
    const lock = isTask ? -1 : arg.startsWith('v') ? LOCKS + number : number;
    const row = { kind: KINDS[verb], task: t, lock, peer: isTask ? number : -1 };
    if (verb === 'acq' && dice(4) === 0) rows.push({ ...row, kind: REQUEST });
    if (!wild || dice(12) > 0) rows.push(row);
    else if (verb === 'acq') rows.push({ ...row, kind: REQUEST });
    else if (verb === 'rel') rows.push(...(dice(2) === 0 ? [{ ...row, task: dice(THREADS) }] : []));
    else if (isTask) rows.push(row, { ...row, peer: dice(THREADS), kind: FORK });
  }
  const to = rows.length;
  for (let i = 0; i < PADDING; i++) anything();
  const column = (of: 'kind' | 'task' | 'lock' | 'peer'): number[] => rows.map((row) => row[of]);
  const nothing = new Uint8Array(rows.length);
  return traceOf(
    {
      kind: Uint8Array.from(column('kind')),
      task: Uint32Array.from(column('task')),
      lock: Int32Array.from(column('lock')),
      peer: Int32Array.from(column('peer')),
      mode: nothing,
      site: new Int32Array(rows.length),
      cpu: new Int32Array(rows.length),
      context: nothing,
      known: nothing,
      disabled: nothing,
      episode: new Uint32Array(rows.length),
      timeNs: new BigInt64Array(rows.length),
      where: new Float64Array(rows.length),
    },
    PADDING,
    to,
    threads,
    locks,
  );
}

export function rowsOf({ from, to }: Trace): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** A lock that is held, and since which row. */
export interface Holding {
  readonly lock: number;
  readonly thread: number;
  readonly row: number;
  /** How many times its thread has taken it. */
  readonly depth: number;
}

/** A section: from the outermost acquisition of a lock to its release, or to none. */
export interface Section extends Omit<Holding, 'depth'> {
  readonly over: number;
}

/** What is held before a row, in the order of taking, and the sections up to there. */
export function heldBefore(trace: Trace, row: number): { holdings: Holding[]; sections: Section[] } {
  let holdings: { lock: number; thread: number; row: number; depth: number }[] = [];
  const sections: Section[] = [];
  for (let e = trace.from; e < row; e++) {
    const lock = trace.lock[e]!;
    const thread = trace.task[e]!;
    const known = holdings.find((holding) => holding.lock === lock);
    if (trace.kind[e] === ACQUIRE) {
      if (known?.thread === thread) known.depth++;
      else {
        holdings = holdings.filter((holding) => holding !== known);
        holdings.push({ lock, thread, row: e, depth: 1 });
        sections.push({ lock, thread, row: e, over: -1 });
      }
    } else if (trace.kind[e] === RELEASE && known !== undefined && --known.depth === 0) {
      holdings = holdings.filter((holding) => holding !== known);
      const at = sections.findIndex((section) => section.row === known.row);
      sections[at] = { ...sections[at]!, over: e };
    }
  }
  return { holdings, sections };
}

/** The moment at a row. */
export function momentAt(trace: Trace, row: number): Moment {
  return { row, open: heldBefore(trace, row).holdings };
}

/** Who asks for which resource at a row, holding which, in the order of taking; null if nobody does while holding some. */
export interface Asking {
  readonly thread: number;
  readonly want: number;
  readonly held: readonly number[];
  readonly row: number;
}

/** Every request of a resource that its thread does not hold, at its acquisition, its join, or where it was not granted. */
export function askings(trace: Trace): Asking[] {
  const { kind, task, lock, to } = trace;
  const found: Asking[] = [];
  const ask = (thread: number, want: number, row: number, before: number): void => {
    const { holdings } = heldBefore(trace, before);
    if (holdings.some((holding) => holding.lock === want && holding.thread === thread)) return;
    const alive = trace.joined[thread] === 1 ? [trace.locks + thread] : [];
    const own = holdings.filter((holding) => holding.thread === thread).map((holding) => holding.lock);
    const held = [...alive, ...own];
    if (held.length > 0) found.push({ thread, want, held, row });
  };
  for (const e of rowsOf(trace)) {
    if (kind[e] === ACQUIRE) ask(task[e]!, lock[e]!, e, e);
    else if (kind[e] === JOIN && trace.childOf(e) >= 0) ask(task[e]!, trace.locks + trace.childOf(e), e, e);
  }
  for (let t = 0; t < trace.threads; t++) {
    const last = rowsOf(trace).findLast((e) => task[e] === t && (kind[e] === REQUEST || kind[e] === ACQUIRE));
    if (last !== undefined && kind[last] === REQUEST) ask(t, lock[last]!, last, to);
  }
  return found;
}

/** Locks that several threads take. */
export function sharedLocks(trace: Trace): Uint8Array {
  const shared = new Uint8Array(trace.locks);
  for (const e of rowsOf(trace))
    for (const f of rowsOf(trace))
      if (
        trace.kind[e] === ACQUIRE &&
        trace.kind[f] === ACQUIRE &&
        trace.lock[e] === trace.lock[f] &&
        trace.task[e] !== trace.task[f]
      )
        shared[trace.lock[e]!] = 1;
  return shared;
}

/** The write that each read saw, -1 where it was none in the trace. */
export function writerOf(trace: Trace, read: number): number {
  for (let e = read - 1; e >= trace.from; e--)
    if (trace.kind[e] === WRITE && trace.lock[e] === trace.lock[read]) return e;
  return -1;
}

/** Dependencies without any choice among them: the same thread asks for the same with the same held. */
export function askedFor(trace: Trace): TraceDependency[] {
  const groups = new Map<string, { asking: Asking; rows: number[] }>();
  for (const asking of askings(trace)) {
    const key = `${asking.thread} ${asking.want} ${asking.held}`;
    const group = groups.get(key) ?? { asking, rows: [] };
    group.rows.push(asking.row);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ asking: { thread, want, held }, rows }) => ({
    thread,
    want,
    held,
    events: Int32Array.from(rows),
  }));
}

/** Two or three dependencies of different threads that hold nothing in common, or null. */
export function madePattern(dice: Dice, trace: Trace): Pattern | null {
  const all = askedFor(trace);
  const pattern: TraceDependency[] = [];
  for (let i = 0; i < 30 && pattern.length < 3 && all.length > 0; i++) {
    const next = all[dice(all.length)]!;
    const fits = pattern.every(
      ({ thread, held }) => thread !== next.thread && !held.some((lock) => next.held.includes(lock)),
    );
    if (fits) pattern.push(next);
    if (pattern.length === 2 && dice(2) === 0) break;
  }
  return pattern.length < 2 ? null : pattern;
}
