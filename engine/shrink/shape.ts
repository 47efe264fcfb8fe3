// Shape: what a verdict keeps while its program shrinks - kind, and the cycle of wanted locks with where they are wanted.
import type { LockMode } from '../../corpus/schema/lock.js';
import type { Op, Program } from '../../corpus/schema/program.js';
import type { Verdict } from '../../corpus/schema/verdict.js';
import type { WitnessKind } from '../../corpus/schema/witness.js';

/** One member of a cycle, or one task that hangs. Nothing in it depends on addresses, pids or CPUs. */
export interface ShapeMember {
  /** Class of the wanted lock; `join` for the end of a task, `interrupted` for a task that an interrupt sits on. */
  readonly class: string;
  readonly mode: LockMode;
  readonly context: 'task' | 'softirq' | 'hardirq';
  /** Function outside the lock primitives in which it waits; empty if not known. */
  readonly site: string;
}

export interface Shape {
  readonly kind: WitnessKind;
  /** Waits-for order in canonical rotation for a cycle, sorted for the rest. */
  readonly members: readonly ShapeMember[];
}

/** Entry points and wrappers of the lock primitives; the caller of these is what a reader would name. */
const PRIMITIVE =
  /^(_*(raw_)?(mutex|rt_mutex|spin|read|write|down|up|rw|percpu|ww_mutex|lock|local|queued|native_queued|osq|rwsem|srcu|rcu|wait_for|schedule|synchronize)(_|$)|__?schedule$|io_schedule|(__)?lock_acquire|(__)?lock_release|__lock_|preempt_schedule|do_wait_for|__wait_for|wait_for_common|__switch_to|dump_stack)/;

/** Suffixes that a compiler adds to copies of a function: they come and go with the build. */
const COPIED = /\.(isra|constprop|part|cold|llvm|lto_priv)(\.\d+)*(?=\.|$)/g;

/** The function that a reader would name for an op, or an empty string. */
export function siteOf(op: Op): string {
  const named = op.site ?? op.frames.find((f) => !PRIMITIVE.test(f)) ?? op.frames[0] ?? '';
  return named.replace(COPIED, '');
}

/** A class name without lockdep's running number, which differs from boot to boot (`kn->active#4`, `x#30/1`). */
export function stableClass(name: string): string {
  return name.replace(/#\d+(?=\/|$)/, '');
}

function memberOf(program: Program, task: number, at: number | null): ShapeMember {
  const irq = program.tasks[task]?.irq ?? null;
  const context = irq === 'hard' ? 'hardirq' : irq === 'soft' ? 'softirq' : 'task';
  const op = at === null ? undefined : program.tasks[task]?.body[at];
  if (op === undefined) return { class: 'interrupted', mode: 'exclusive', context, site: '' };
  const mode = op.do === 'lock' ? op.mode : 'exclusive';
  if (!('lock' in op)) return { class: op.do, mode, context, site: siteOf(op) };
  const lock = program.locks.find((l) => l.id === op.lock);
  return { class: stableClass(lock?.class ?? op.lock), mode, context, site: siteOf(op) };
}

const textOf = (m: ShapeMember): string => `${m.class}\t${m.mode}\t${m.context}\t${m.site}`;

/** Index at which a rotation of the members begins that is the least of all rotations. */
export function canonicalStart(members: readonly ShapeMember[]): number {
  const texts = members.map(textOf);
  const rotated = (from: number): string => [...texts.slice(from), ...texts.slice(0, from)].join('\n');
  let best = 0;
  for (let i = 1; i < texts.length; i++) if (rotated(i) < rotated(best)) best = i;
  return best;
}

/**
 * Shape of a verdict. `at[t]` is the op that task t stands before, or null for one that waits for no op of its own
 * (an interrupt sits on it). Null for an end that is nothing to report.
 */
export function shapeOf(program: Program, verdict: Verdict, at: readonly (number | null)[]): Shape | null {
  switch (verdict.kind) {
    case 'deadlock': {
      const members = verdict.cycle.map((t) => memberOf(program, t, at[t] ?? null));
      const irq =
        members.some((m) => m.class === 'interrupted') ||
        verdict.cycle.some((t) => (program.tasks[t]?.irq ?? null) !== null);
      const kind = irq ? 'irq-inversion' : members.length === 1 ? 'self-deadlock' : 'inversion';
      const start = canonicalStart(members);
      return { kind, members: [...members.slice(start), ...members.slice(0, start)] };
    }
    case 'stranded': {
      const members = verdict.tasks.map((t) => memberOf(program, t, at[t] ?? null));
      return { kind: 'stranded', members: members.sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1)) };
    }
    case 'violated':
      return { kind: 'violated', members: [memberOf(program, verdict.task, verdict.op)] };
    case 'completed':
    case 'ill-formed':
    case 'out-of-steps':
      return null;
    default: {
      const never: never = verdict;
      return never;
    }
  }
}

/** The same text for the same shape. */
export function shapeText({ kind, members }: Shape): string {
  return [kind, ...members.map(textOf)].join('\n');
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape | null, b: Shape | null): boolean {
  if (a === null || b === null) return a === b;
  return shapeText(a) === shapeText(b);
}
