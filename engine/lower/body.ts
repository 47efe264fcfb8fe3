// Events of one task as a body of ops: requests joined with their acquisition, what is left over released in reverse.
import type { Capture } from '../../corpus/schema/capture.js';
import { CONTEXTS, EVENT_KINDS, type EventKind } from '../../corpus/schema/event.js';
import { LOCK_MODES, type LockKind, type LockMode } from '../../corpus/schema/lock.js';
import type { Op, OpAction } from '../../corpus/schema/program.js';

/** How the lowering names things of the capture inside the program that it makes. */
export interface Naming {
  lockId(lock: number): string;
  kindOf(lock: number): LockKind;
  taskName(task: number): string;
}

/** A body, with how many of its ops were granted when the episode ended (the rest were asked for, or follow). */
export interface Body {
  readonly ops: readonly Op[];
  /** Ops done at the end of the episode. */
  readonly granted: number;
  /** True if op number `granted` was asked for and had not been granted. */
  readonly waits: boolean;
}

/** Modes exist for readers and writers only; the section of an RCU reader is a plain `lock`. */
function modeFor(kind: LockKind, mode: LockMode): LockMode {
  return kind === 'rwsem' || kind === 'rwlock' ? mode : 'exclusive';
}

/** The op that takes a lock, by kind: RCU updaters `sync`, completions `wait`. */
export function takeAction(naming: Naming, lock: number, mode: LockMode, attempt: boolean): OpAction {
  const kind = naming.kindOf(lock);
  const id = naming.lockId(lock);
  if (kind === 'completion') return { do: 'wait', lock: id };
  if ((kind === 'rcu' || kind === 'srcu') && mode === 'exclusive') return { do: 'sync', lock: id };
  return { do: 'lock', lock: id, mode: modeFor(kind, mode), attempt };
}

interface Held {
  readonly lock: number;
  readonly irqs: 'irqs' | null;
}

/**
 * Builds the body of one task from its events (indices into the capture's columns, in order). `leaks`: what the task
 * holds at the end it never gives back.
 */
export function bodyOf(capture: Capture, events: readonly number[], naming: Naming, leaks: boolean): Body {
  const { events: columns } = capture;
  const ops: Op[] = [];
  const open: Held[] = [];
  let pending: number | null = null;
  const push = (action: OpAction, event: number): void => {
    const siteIndex = columns.site[event]!;
    const site = siteIndex < 0 ? undefined : capture.sites[siteIndex];
    ops.push({
      ...action,
      guard: null,
      site: site?.at ?? null,
      frames: site === undefined ? [] : site.frames.map((frame) => capture.strings[frame] ?? ''),
      line: capture.provenance === 'line' ? columns.where[event]! : null,
    });
  };
  const taken = (action: OpAction, lock: number): void => {
    if (action.do === 'lock') open.push({ lock, irqs: null });
  };
  for (const event of events) {
    const kind: EventKind = EVENT_KINDS[columns.kind[event]!]!;
    const lock = columns.lock[event]!;
    const mode = LOCK_MODES[columns.mode[event]!]!;
    switch (kind) {
      case 'request':
        pending = event;
        break;
      case 'acquire': {
        const action = takeAction(naming, lock, mode, false);
        push(action, pending !== null && columns.lock[pending] === lock ? pending : event);
        taken(action, lock);
        pending = null;
        break;
      }
      case 'release': {
        const at = open.findLastIndex((held) => held.lock === lock);
        if (at === -1) break; // taken before the episode began: nothing of it is known
        open.splice(at, 1);
        push({ do: 'unlock', lock: naming.lockId(lock) }, event);
        break;
      }
      case 'wait':
        push({ do: 'wait', lock: naming.lockId(lock) }, event);
        break;
      case 'signal':
        push({ do: 'signal', lock: naming.lockId(lock) }, event);
        break;
      case 'fork':
      case 'join':
        push({ do: kind, task: naming.taskName(columns.peer[event]!) }, event);
        break;
      case 'irqs-off':
        push({ do: 'irqs', on: false }, event);
        open.push({ lock: -1, irqs: 'irqs' });
        break;
      case 'irqs-on': {
        const at = open.findLastIndex((held) => held.irqs !== null);
        if (at !== -1) open.splice(at, 1);
        push({ do: 'irqs', on: true }, event);
        break;
      }
      case 'refuse':
      case 'queue-work':
      case 'start-work':
      case 'end-work':
      case 'irq-enter':
      case 'irq-exit':
      case 'gap':
      case 'try-acquire':
      case 'sleep':
      case 'wake':
      case 'exit':
      case 'read':
      case 'write':
      case 'begin':
      case 'end':
        // A missed trylock took nothing; work items and interrupts are tasks of their own; a gap ends an episode.
        break;
      default: {
        const never: never = kind;
        return never;
      }
    }
  }
  const granted = ops.length;
  const waits = pending !== null;
  if (pending !== null) {
    const lock = columns.lock[pending]!;
    const action = takeAction(naming, lock, LOCK_MODES[columns.mode[pending]!]!, false);
    push(action, pending);
    taken(action, lock);
  }
  // Who left with a lock never gives it back; who still waits for one will.
  for (const held of leaks && !waits ? [] : open.reverse()) {
    const action: OpAction =
      held.irqs !== null ? { do: 'irqs', on: true } : { do: 'unlock', lock: naming.lockId(held.lock) };
    ops.push({ ...action, guard: null, site: null, frames: [], line: null });
  }
  return { ops, granted, waits };
}

/** The interrupt level in which a task's events ran, by its first event. */
export function levelOf(capture: Capture, event: number): 'hard' | 'soft' | null {
  const context = CONTEXTS[capture.events.context[event]!];
  return context === 'hardirq' ? 'hard' : context === 'softirq' ? 'soft' : null;
}
